"""A result in documents: a page with all of it and its charts, and a section of another document, such as a README.

Both begin with a mark that says what wrote them, and the command that writes them again. Invariant: both are made of
the result alone, so a test can hold a document to the result that lies beside it.
"""

from collections.abc import Collection, Iterable, Iterator

from ..result import Result
from .reading import limited_to, workloads
from .rendering import Block, Heading, to_markdown
from .text import head_blocks, markdown_report, workload_blocks
from .workload_tables import copies_note, varying_note

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
"""What a section stands between."""

MARK = "<!-- Generated, do not edit: {command} -->"


def results_page(result: Result, pictures: Iterable[str], command: str) -> str:
    """Return a page of Markdown with everything that was found.

    Parameters
    ----------
    result
        What was found.
    pictures
        The files of its charts, as the page refers to them.
    command
        What writes the page again.
    """
    parts = [MARK.format(command=command), "# Results", _commands(result, command)]
    parts += [_shown(pictures), markdown_report(result)]
    return "\n\n".join(filter(None, parts))


def section(result: Result, names: Collection[str], pictures: Iterable[str], command: str) -> str:
    """Return a section with the advice, the main tables of some workloads, and some charts.

    Parameters
    ----------
    result
        What was found.
    names
        Of the workloads.
    pictures
        The files of the charts, as the document refers to them.
    command
        What writes the section again.
    """
    blocks = map(_deeper, _blocks(result, names))
    parts = [MARK.format(command=command), _commands(result, command), to_markdown(list(blocks)), _shown(pictures)]
    return "\n\n".join(filter(None, parts))


def replaced(document: str, text: str) -> str:
    """Return a document with another section between `BEGIN` and `END`.

    Raises
    ------
    ValueError
        The document has no such place, or more than one.

    >>> replaced(f"a\\n{BEGIN}\\nold\\n{END}\\nb", "new").split("\\n")[2]
    'new'
    """
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end) or BEGIN in after:
        raise ValueError(f"the document must have one line {BEGIN} and after it one line {END}")
    return f"{before}{begin}\n{text.strip()}\n{end}{after}"


def _blocks(result: Result, names: Collection[str]) -> Iterator[Block]:
    yield from head_blocks(result)
    few = limited_to(result, names)
    for workload in workloads(few):
        yield from workload_blocks(few, workload)
    yield from copies_note(few)
    yield from varying_note(few)


def _deeper(block: Block) -> Block:
    return Heading(block.text, block.level + 1) if isinstance(block, Heading) else block


def _commands(result: Result, command: str) -> str:
    return f"```sh\n{result.command} --output RESULT.json\n{command}\n```"


def _shown(pictures: Iterable[str]) -> str:
    return "\n\n".join(f"![{_title(picture)}]({picture})" for picture in pictures)


def _title(picture: str) -> str:
    """Return what a picture shows, for whoever does not see it.

    >>> _title("charts/pareto-cart-objects.svg")
    'pareto cart objects'
    """
    return picture.rpartition("/")[2].removesuffix(".svg").replace("-", " ")
