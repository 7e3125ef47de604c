"""How loops are compiled."""

from numba import njit


def kernel(function):
    """Compile without the interpreter's lock; keep the machine code on disk where that can be written.

    The code kept notices changes of the kernel's own file only, so kernels that call each other share a file.
    """
    try:
        return njit(function, nogil=True, error_model="numpy", cache=True)
    except RuntimeError:  # neither the package nor the user's cache folder can be written
        return njit(function, nogil=True, error_model="numpy")
