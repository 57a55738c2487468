"""Text that is marked as safe."""

from markupsafe import Markup

from .library_sample import LibrarySample

SAMPLES = [
    LibrarySample("markup", lambda: Markup("<b>käse</b> &amp; 🧀")),
    LibrarySample("flashed", lambda: {"_flashes": [("message", Markup("<i>saved</i>")), ("error", "plain")]}),
    LibrarySample("as_a_key", lambda: {Markup("a"): 1, "b": Markup("")}),
]
