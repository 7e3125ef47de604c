#!/usr/bin/env bash
# Package: joblib 1.6.0, Python 3.11, Linux.
#
# A good guess: two calls of joblib.Parallel in two threads have nothing to do with each other. A task that raises ends
# its own call with its own error.
#
# Seen: both calls share one pool of worker processes. A task that raises ZeroDivisionError in one thread makes joblib
# kill the pool, and the call in the other thread, whose tasks are sound, ends too. It says:
#     RuntimeError: The executor underlying Parallel has been shutdown. This is likely due to the garbage collection of
#     a previous generator ...
# No generator was collected. The cause (loky's ShutdownExecutorError) is only in __cause__ or __context__.
#
# For us: the two studies run side by side and share the workers. A fault in one ended the other, and the line that was
# shown hid which one it was. `generator/engine/parallel.py` asks the tasks that have no answer again, and a test holds it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check joblib==1.6.0

cat > "$folder/two.py" <<'PYTHON'
import operator
import time
from concurrent.futures import ThreadPoolExecutor

import joblib
from joblib.externals.loky.process_executor import ShutdownExecutorError


def slow(seconds):
    time.sleep(seconds)
    return seconds


def run(function, arguments):
    calls = (joblib.delayed(function)(*each) for each in arguments)
    return list(joblib.Parallel(n_jobs=2, return_as="generator", pre_dispatch="all")(calls))


def told(future):
    error = future.exception()
    causes, each = [], error
    while each is not None:
        causes.append(each)
        each = each.__cause__ or each.__context__
    return type(error).__name__, str(error)[:55], any(isinstance(c, ShutdownExecutorError) for c in causes)


if __name__ == "__main__":
    with ThreadPoolExecutor(2) as pool:
        sound = pool.submit(run, slow, [(15,), (1,)])
        time.sleep(3)
        faulty = pool.submit(run, operator.truediv, [(1, 0)])
    print("faulty:", *told(faulty)[:2])
    print("sound:", *told(sound))
PYTHON
seen=$("$folder/venv/bin/python" "$folder/two.py" 2>/dev/null)
wanted="faulty: ZeroDivisionError division by zero
sound: RuntimeError The executor underlying Parallel has been shutdown. Thi True"
echo "$seen"
[ "$seen" = "$wanted" ] || { echo "joblib does something else now"; exit 1; }
