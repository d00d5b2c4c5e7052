"""Errors that a user can mend: one sentence that says what is wrong, where, and what to do."""


class UserError(Exception):
    """Something the user gave or has is not usable; the message is one sentence with the remedy."""


class DataError(UserError):
    """A data set is missing, incomplete or damaged."""


class ConfigError(UserError):
    """A parameter is unknown, mistyped or out of range."""


class RunError(UserError):
    """A training run failed, was cut off, or its record cannot be used."""


class RunBusy(RunError):
    """A run is being done by another process."""
