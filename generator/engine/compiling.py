"""How loops are compiled."""

from functools import partial

from numba import njit


def kernel(function=None, **options):
    """Compile without the interpreter's lock; keep the machine code on disk where that can be written.

    The code kept notices changes of the kernel's own file only, so kernels that call each other share a file.
    `options` are those of numba, such as `fastmath`.
    """
    if function is None:
        return partial(kernel, **options)
    try:
        return njit(function, nogil=True, error_model="numpy", cache=True, **options)
    except RuntimeError:  # neither the package nor the user's cache folder can be written
        return njit(function, nogil=True, error_model="numpy", **options)
