"""Sizes, times and objects as text, the way the compat modules print them."""


def pp(size, base=1024):
    """'  12     B' or '   1.50 KB'."""
    unit = 0
    value = size
    while value > base:
        value /= base
        unit += 1
    name = ("B", "KB", "MB", "GB", "TB", "EB")[unit]
    return f"{value:7.2f} {name}" if unit else f"{int(value):4d}     {name}"


def pp_timestamp(seconds):
    """'00:00:01.50'; '' for None."""
    if seconds is None:
        return ""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours:02d}:{minutes:02d}:{rest:05.2f}"


def trunc(obj, max, left=False):
    """An object's text on one line of at most `max` characters, cut at the right or the left end."""
    text = str(obj).replace("\n", "|")
    if len(text) <= max:
        return text
    return "..." + text[len(text) - max + 3 :] if left else text[: max - 3] + "..."


def safe_repr(obj, clip=None):
    """What `repr` says, cut in the middle to `clip` characters; 'N/A' when it fails."""
    try:
        text = repr(obj)
    except Exception:
        return "N/A"
    if not clip or len(text) <= clip:
        return text
    return text[: clip - 4] + ".." + text[-2:]
