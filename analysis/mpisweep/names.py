"""Names of the values of an axis: the shortest texts that distinguish them; what a text names."""
import re

import numpy as np

# Attributes of a coordinate that has what draws give a key: their axis, and which of its keys it is.
ALONG, PLACE = "drawn_along", "drawn_place"
MAX_LISTED = 12  # values of an axis in a message
LEAST_DIGITS, PLAIN_DIGITS, MOST_DIGITS = 3, 6, 17  # of the names of numbers
DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def value_text(value):
    """A coordinate as the job file has it: the shortest decimal that reads back the same."""
    if isinstance(value, str):
        return value
    short = f"{float(value):.15g}"
    return short if float(short) == float(value) else f"{float(value):.17g}"


def list_values(values):
    """As many as a message has room for."""
    return ", ".join(map(value_text, values[:MAX_LISTED])) + ", …" * (len(values) > MAX_LISTED)


def value_names(values, among):
    """The shortest names of values that are among others, as `mpisweep status` prints them: the fewest
    digits, three or more, that no other value rounds to; integers, labels, and numbers of up to six digits in
    full."""
    if len(values) == 0 or isinstance(values[0], str):
        return list(values)
    ordered = np.unique(np.asarray(among, float))
    return [_value_name(float(value), ordered) for value in values]


def _value_name(value, ordered):
    full = value_text(value)
    if value.is_integer() or float(f"{value:.{PLAIN_DIGITS}g}") == value:
        return full
    place = np.searchsorted(ordered, value)
    neighbours = [*ordered[max(place - 1, 0) : place], *ordered[place + 1 : place + 2]]
    for digits in range(LEAST_DIGITS, MOST_DIGITS):
        name = f"{value:.{digits}g}"
        # rounding keeps the order: when the neighbours have other names, so have all
        if _digits_of_name(name) == digits and not any(
            _has_name(other, float(name), digits) for other in neighbours
        ):
            return min(name, full, key=len)
    return full


def find_values(values, text):
    """Places of the values of an axis that `text` names: labels are texts (1.1 and 1.10 are two); a number
    names the value that it is, else those that it is when they are rounded to its digits."""
    if isinstance(values[0], str):
        return [i for i, value in enumerate(values) if value == text]
    if not DECIMAL.fullmatch(text):
        return []
    numbers, number = np.asarray(values, float), float(text)
    exact = np.flatnonzero(numbers == number)
    near = np.flatnonzero(np.abs(numbers - number) <= 0.01 * abs(number)) if len(exact) == 0 else []
    digits = _digits_of_name(text)
    return [*exact, *(i for i in near if _has_name(numbers[i], number, digits))]


def _digits_of_name(text):
    """The digits to which a name is rounded: the significant ones that are written, and at least
    LEAST_DIGITS."""
    written = re.sub("[eE].*", "", text).replace(".", "").lstrip("+-0")
    return min(max(len(written), LEAST_DIGITS), MOST_DIGITS)


def _has_name(value, number, digits):
    """Whether the value is `number` when it is rounded to the digits of that name."""
    return float(f"{value:.{digits}g}") == number


def label_text(label):
    """ "model = cnn, lr = 0.1" of {"model": "cnn", "lr": "0.1"}"""
    return ", ".join(f"{axis} = {value}" for axis, value in label.items())
