"""The errors a user can meet, each with what was found, what to do about it, and an exit code.

    MtError                  1   never raised itself
    ├── UsageError           2   the command line contradicts itself
    ├── ConfigError          2   a setting is unknown or has an impossible value
    ├── DeviceError          2   the device asked for is not on this machine
    ├── DataError            3   a corpus or a text cannot be read
    ├── RunError             4   a model folder is missing, broken or of another kind
    ├── ExtraError           5   an optional package is not installed
    ├── TrainingError        6   training cannot go on
    │   └── Diverged             the loss is no number any more, or has exploded
    ├── OutputError          7   a result cannot be written
    └── FidelityError        8   --strict: something in the text could not be kept
"""

from __future__ import annotations


class MtError(Exception):
    """Something a user can mend: `message` says what was found and where, `fix` what helps."""

    exit_code = 1

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix


class UsageError(MtError):
    exit_code = 2


class ConfigError(MtError):
    exit_code = 2


class DeviceError(MtError):
    exit_code = 2


class DataError(MtError):
    exit_code = 3


class RunError(MtError):
    exit_code = 4


class ExtraError(MtError):
    exit_code = 5


class TrainingError(MtError):
    exit_code = 6


class Diverged(TrainingError):
    pass


class OutputError(MtError):
    exit_code = 7


class FidelityError(MtError):
    exit_code = 8
