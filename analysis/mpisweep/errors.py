"""What this package raises: subclasses of ValueError and KeyError, so that commands can tell a request that
cannot be met from a defect. A file that does not exist is a FileNotFoundError."""


class RequestError(ValueError):
    """The data do not allow what was asked for; the text says what and where."""


class MissingName(KeyError):
    """A variable, an axis or a value that the file does not have; the text lists what it has."""

    def __str__(self):
        return str(self.args[0])  # KeyError would put it into quotes


class FileError(ValueError):
    """A file that cannot be read, is damaged or is of another kind."""
