"""A result in documents: a page with all of it and its charts, and a section of another document, such as a README.

Both begin with a mark that says what wrote them, and the command that writes them again. Invariant: both are made of
the result alone, so a test can hold a document to the result that lies beside it.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence

from ..result import Result
from .advice_table import advice_blocks
from .circumstances import circumstances, reservations
from .reading import description, limited_to, workloads
from .rendering import Block, Heading, Lines, to_markdown
from .text import markdown_report
from .workload_tables import copies_note, main_table, varying_note

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
    shown = "\n\n".join(f"![{_title(picture)}]({picture})" for picture in pictures)
    parts = [MARK.format(command=command), "# Results", _block(result, command), shown, markdown_report(result)]
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
    shown = "\n\n".join(f"![{_title(picture)}]({picture})" for picture in pictures)
    parts = [MARK.format(command=command), _block(result, command), to_markdown(list(_blocks(result, names))), shown]
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
    if warnings := list(reservations(result)):
        yield Lines(tuple(warnings))
    yield Lines(tuple(circumstances(result)))
    yield from map(_deeper, advice_blocks(result))
    few = limited_to(result, names)
    for workload in workloads(few):
        yield Heading(workload, 2)
        yield Lines((description(result, workload),))
        yield main_table(few, workload)
    yield from copies_note(few)
    yield from varying_note(few)


def _deeper(block: Block) -> Block:
    return Heading(block.text, block.level + 1) if isinstance(block, Heading) else block


def _block(result: Result, command: str) -> str:
    lines: Sequence[str] = (f"{result.command} --output RESULT.json", command)
    return "```sh\n" + "\n".join(lines) + "\n```"


def _title(picture: str) -> str:
    """Return what a picture shows, for whoever does not see it.

    >>> _title("charts/pareto-cart-objects.svg")
    'pareto cart objects'
    """
    return picture.rpartition("/")[2].removesuffix(".svg").replace("-", " ")
