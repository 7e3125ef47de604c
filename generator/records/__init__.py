"""The waist of the project: what was asked (`spec`), what was found (`results`), arithmetic (`metrics`).

Nothing here imports more than pydantic and numpy, so pages are built without torch.
"""
