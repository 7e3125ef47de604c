"""Independent tasks on the workers of a Dask cluster, with the answers they have on this machine.

Tasks and answers travel pickled, as they do to worker processes here: what arrives is a fresh copy,
aligned and writable, and the scheduler passes on what it need not be able to read.
"""

import asyncio
import logging
import pickle
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import cloudpickle

from generator.engine.parallel import Task, alone

if TYPE_CHECKING:
    from distributed import Client, Future, Worker

Environment = Callable[[], Mapping[str, str]]
"""A module-level function that names, on the machine where it runs, all that answers depend on."""

LOCAL = "local"
CONNECT_SECONDS = 10
"""How long to try to reach the scheduler."""
WORKER_SECONDS = 120
"""How long to wait for a worker while there is none, unless the user says otherwise."""
LOOK_SECONDS = 2
"""How often to look, while an answer is awaited, whether anybody is left to compute it."""
SHARED_BYTES = 100_000
"""An argument of several tasks that is larger than this is sent once."""


class ClusterError(Exception):
    """The cluster cannot compute; the message says why, and what to do."""


def scheduler_of(engine: str) -> str | None:
    """Where the scheduler of `engine` listens, as host:port; None if tasks are computed on this machine.

    Raises:
        ClusterError: `engine` is neither `local` nor `dask://host:port`.
    """
    if engine == LOCAL:
        return None
    found = re.fullmatch(r"dask://((?:[\w.-]+|\[[\da-fA-F:.]+\]):(\d{1,5}))", engine)
    if not found or not 0 < int(found[2]) < 1 << 16:
        raise ClusterError(f"--engine {engine!r}: give {LOCAL} or dask://host:port")
    return found[1]


@dataclass(frozen=True)
class Cluster:
    """A scheduler, and workers that have the environment of this machine."""

    scheduler: str
    client: "Client"
    environment: Environment
    tell: Callable[[str], None]
    """Is given a line for the user when there is no worker to be had at once."""
    patience: float | None = None
    """Seconds to wait for one; `WORKER_SECONDS` if not given."""

    @property
    def workers(self) -> int:
        """How many are connected now."""
        return len(self.client.nthreads())

    def run(self, tasks: Iterable[Task]) -> Iterator[Any]:
        """The answers of `tasks`, (function, arguments), in their order, each as soon as it is there.

        What a lost worker was computing, or had computed for others, is computed again by those that are left.

        Raises:
            ClusterError: The scheduler is gone, there is no worker, a task has lost every worker it was
                given to, or a worker that joined has another environment.
        """
        futures = deque(self._submitted(list(tasks)))
        while futures:
            yield self._answer(futures.popleft())

    def check(self):
        """Wait for a worker, and compare the environments of all that are there with the one here.

        Raises:
            ClusterError: There is no worker, or one cannot give the answers of this machine.
        """
        with self._within_reach():
            self._wait_for_worker()
            found = self.client.run(_environment, self.environment, on_error="return")
        for address, there in found.items():
            if isinstance(there, OSError):  # it left meanwhile
                continue
            if isinstance(there, Exception):
                raise ClusterError(
                    f"the worker at {address} cannot read this project ({there}); start it in a copy of it"
                )
            _compare(self.expected(), there, address)

    def expected(self) -> dict[str, str]:
        """What a worker must say of itself."""
        # tasks draw from generators that belong to their process: two at a time would mix them up
        return {**self.environment(), "threads a worker": "1"}

    def _submitted(self, tasks: list[Task]) -> list["Future"]:
        uses = Counter(id(argument) for _, arguments in tasks for argument in arguments)
        sent: dict[int, bytes | Future] = {}

        def send(argument: Any) -> "bytes | Future":
            if id(argument) not in sent:
                packed = cloudpickle.dumps(argument)
                if uses[id(argument)] > 1 and len(packed) > SHARED_BYTES:
                    # a task, not scattered data, which would be lost with the worker that holds it
                    packed = self.client.submit(bytes, packed, key=f"shared-{uuid4().hex}")
                sent[id(argument)] = packed
            return sent[id(argument)]

        expected = self.expected()
        with self._within_reach():
            return [
                self.client.submit(
                    _compute, expected, self.environment, cloudpickle.dumps(function), *map(send, arguments),
                    key=f"{function.__name__.strip('_')}-{uuid4().hex}",
                )
                for function, arguments in tasks
            ]  # fmt: skip

    def _answer(self, future: "Future") -> Any:
        from distributed import KilledWorker

        with self._within_reach():
            failed = self._failure(future)
            answer = None if failed else future.result()
        if isinstance(failed, KilledWorker):
            raise ClusterError(
                f"{failed.task}: {failed.allowed_failures + 1} workers were lost while they computed it, "
                f"the last at {failed.last_worker.address}; see their logs, they may have run out of memory"
            )
        if failed:
            raise failed
        return pickle.loads(answer)

    def _failure(self, future: "Future") -> BaseException | None:
        """Why there will be no answer, as soon as it is known; None if there is one."""
        while True:
            try:
                return future.exception(timeout=LOOK_SECONDS)
            except TimeoutError:
                self._wait_for_worker()

    def _wait_for_worker(self):
        if self.workers:
            return
        patience = WORKER_SECONDS if self.patience is None else self.patience
        self.tell(f"the scheduler at {self.scheduler} has no worker; waiting up to {patience:.0f} s for one")
        # a cluster that grows with its work starts no worker before there is some
        work = self.client.submit(int, key=f"work-{uuid4().hex}")
        try:
            self.client.wait_for_workers(1, timeout=patience)
        except TimeoutError:
            raise ClusterError(
                f"the scheduler at {self.scheduler} has had no worker for {patience:.0f} s; start some: "
                f"python -m dask worker {self.scheduler} --nthreads 1, or wait longer with --cluster-wait"
            ) from None
        finally:
            work.release()

    @contextmanager
    def _within_reach(self) -> Iterator[None]:
        from distributed.client import ClosedClientError

        try:
            yield
        except (CancelledError, ClosedClientError, OSError):
            raise ClusterError(
                f"the scheduler at {self.scheduler} is gone; finished stages are kept: "
                "start it again, with workers, and run the same command to go on"
            ) from None


@contextmanager
def connected(
    engine: str, environment: Environment, tell: Callable[[str], None], patience: float | None = None
) -> Iterator[Cluster | None]:
    """The cluster of `engine`, checked; None if tasks are computed on this machine.

    `tell` and `patience` as `Cluster` holds them.

    Raises:
        ClusterError: The address, the scheduler or a worker cannot be used, or dask.distributed is missing.
    """
    scheduler = scheduler_of(engine)
    if scheduler is None:
        yield None
        return
    try:
        import dask
        from distributed import Client
    except ImportError:
        raise ClusterError(f"--engine {engine} needs dask.distributed; run `make cluster`") from None
    for name in ("distributed", "distributed.client"):  # a ClusterError says it, in one line
        logging.getLogger(name).setLevel(logging.CRITICAL)
    # shared arguments are sent once, and large on purpose
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TB"}):
        try:
            asyncio.run(asyncio.wait_for(_greet(scheduler), CONNECT_SECONDS))
            client = Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
        except OSError:
            raise ClusterError(
                f"no scheduler answered at {scheduler} within {CONNECT_SECONDS} s; "
                "start one: python -m dask scheduler"
            ) from None
        with client:
            cluster = Cluster(scheduler, client, environment, tell, patience)
            cluster.check()
            yield cluster


async def _greet(scheduler: str):
    """Exchange the first words with it: a client would wait for the answer without end."""
    from distributed import Security
    from distributed.comm import connect

    line = await connect(scheduler, timeout=CONNECT_SECONDS, **Security().get_connection_args("client"))
    line.abort()


def _environment(environment: Environment, dask_worker: "Worker") -> dict[str, str]:
    """What a worker says of itself; `Client.run` hands it over under that name."""
    return {**environment(), "threads a worker": str(dask_worker.state.nthreads)}


def _compare(here: Mapping[str, str], there: Mapping[str, str], address: str):
    """Raise ClusterError if a worker would give other answers than this machine."""
    differing = sorted(name for name in {*here, *there} if here.get(name) != there.get(name))
    if differing:
        listed = ", ".join(
            f"{n} {there.get(n, 'missing'):.12} instead of {here.get(n, 'none'):.12}" for n in differing
        )
        raise ClusterError(f"the worker at {address} would not give the same bytes: {listed}; start it anew")


def _compute(
    expected: Mapping[str, str], environment: Environment, function: bytes, *arguments: bytes
) -> bytes:
    """Run on a worker, which may have joined long after the others were checked."""
    from distributed import get_worker

    worker = get_worker()
    _compare(expected, _environment(environment, worker), worker.address)
    return cloudpickle.dumps(alone(pickle.loads(function), tuple(map(pickle.loads, arguments))))
