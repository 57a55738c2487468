"""Converters that a registry does not have yet: those that are installed, and those that wait for a library.

What is installed under the entry-point group ``memcached_sessions.converters`` is loaded once, when it is first needed.
Converters for a library wait until something else has imported it. Invariants: no question to a registry imports a
library, whatever a payload says, unless that was asked for; converters that fail are named, and the others go on;
whoever asks while converters are being registered waits for them, but for the thread that registers them.
"""

import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from threading import RLock, get_ident
from typing import TYPE_CHECKING, Any, cast

from .errors import PluginError
from .plugins import Plugin, known, optional_converters

if TYPE_CHECKING:
    from .registry import ConverterRegistry

RegisterConverters = Callable[["ConverterRegistry"], None]

_log = logging.getLogger("memcached_sessions")


@dataclass(frozen=True, eq=False)
class _Awaited:
    """What registers converters once a module was imported."""

    module: str
    register_converters: RegisterConverters
    of_plugin: bool
    """It came by an entry point: what the application registers goes before it."""

    def is_imported(self) -> bool:
        """Whether the module is there, and complete: another thread may be in the middle of its import."""
        module = sys.modules.get(self.module)
        return module is not None and not getattr(getattr(module, "__spec__", None), "_initializing", False)


class Arrivals:
    """What a registry has still to load.

    Threads that ask wait for the one that loads, on a lock that it alone needs: a thread in the middle of an import can
    register classes meanwhile, while the one that loads waits for that import.

    Parameters
    ----------
    registry
        Where converters are registered.
    installed
        Load what is installed.
    """

    def __init__(self, registry: "ConverterRegistry", *, installed: bool) -> None:
        self._registry = registry
        self._pending = installed
        self._awaited: tuple[_Awaited, ...] = ()
        self.imports = False
        """Whether a tag has the library imported that its converters wait for, if it is installed."""
        self.broken: dict[str, str] = {}
        """Converters that failed, by entry point or module, with the reason."""
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget a thread that was loading; in a child, after a fork."""
        self._lock = RLock()
        self._loader: int | None = None
        self._loads_plugins = False

    @property
    def of_plugins(self) -> bool:
        """Whether what this thread registers at this moment came by an entry point."""
        return self._loads_plugins and self._loader == get_ident()

    def wait_for(self, module: str, register_converters: RegisterConverters) -> None:
        """Call ``register_converters(registry)`` when `load` finds a module imported."""
        awaited = _Awaited(module, register_converters, of_plugin=self.of_plugins)
        with self._registry.lock:
            self._awaited = (*self._awaited, awaited)

    @property
    def awaited(self) -> tuple[str, ...]:
        """The modules that converters wait for."""
        return tuple(awaited.module for awaited in self._awaited)

    def load(self, tag: str = "") -> bool:
        """Load what is installed, once, and what waited for a library that is there now; return whether any was.

        Parameters
        ----------
        tag
            What is looked for in a payload, if that is what is missing.
        """
        if self._loader == get_ident():  # what this thread is registering asks
            return False
        installed_now = self._load_installed()
        if self.imports and tag:
            self._import(tag.partition(".")[0])
        return self._load_awaited() or installed_now

    def _import(self, library: str) -> None:
        for module in self.awaited:
            if module.partition(".")[0] == library:
                with suppress(ImportError):  # it is not installed, and the tag stays unknown
                    import_module(module)

    def _load_installed(self) -> bool:
        if not self._pending:
            return False
        with self._lock:
            if self._pending:
                for plugin in _plugins():
                    register_converters = self._attempt(plugin.name, plugin.load)
                    if register_converters:
                        self._register(plugin.name, register_converters, of_plugins=True)
                self._pending = False
        return True

    def _load_awaited(self) -> bool:
        if not any(awaited.is_imported() for awaited in self._awaited):
            return False
        with self._lock:
            for awaited in [awaited for awaited in self._awaited if awaited.is_imported()]:
                if self._register(awaited.module, awaited.register_converters, of_plugins=awaited.of_plugin):
                    # Only now: whoever asks meanwhile waits for the lock.
                    with self._registry.lock:
                        self._awaited = tuple(each for each in self._awaited if each is not awaited)
        return True

    def _register(self, name: str, register_converters: RegisterConverters, *, of_plugins: bool) -> bool:
        """Return whether that is done, for good or ill; it is not while a module is lacking, as in circular imports."""
        self._loader, self._loads_plugins = get_ident(), of_plugins
        try:
            register_converters(self._registry)
        except KeyboardInterrupt:
            raise
        except ImportError as error:
            self._note(name, error)
            return False
        except BaseException as error:  # noqa: BLE001 - a plug-in may fail in any way, even exit; the others go on
            self._note(name, error)
        else:
            self.broken.pop(name, None)
        finally:
            self._loader, self._loads_plugins = None, False
        return True

    def _attempt(self, name: str, load: Callable[[], Any]) -> Any:
        try:
            return load()
        except PluginError as error:
            self._note(name, error)
            return None

    def _note(self, name: str, error: BaseException) -> None:
        if self.broken.get(name) != str(error):
            self.broken[name] = str(error)
            _log.warning("converters %s are broken: %s", name, error)


def converters_named(spec: str) -> RegisterConverters:
    """Return the function that registers the converters that a setting names; as `ConverterRegistry.load`.

    Raises
    ------
    ValueError
        The text names no function.
    """
    module, colon, name = spec.partition(":")
    optional = optional_converters()
    if spec in optional:
        try:
            function = optional[spec].load()
        except PluginError as error:
            raise ValueError(f"custom converter {error}") from error
    elif not (module and colon and name.isidentifier()):
        raise ValueError(
            f"custom converter {spec!r} is neither of the form 'module:function' nor the name of optional "
            f"converters: {', '.join(optional)}"
        )
    else:
        try:
            function = getattr(import_module(module), name)
        except (ImportError, AttributeError) as error:
            raise ValueError(f"custom converter {spec!r} cannot be imported: {error}") from error
    if not callable(function):
        raise ValueError(f"custom converter {spec!r} cannot be called with a registry")  # noqa: TRY004
    return cast("RegisterConverters", function)


def _plugins() -> list[Plugin]:
    """Return every installed set of converters by itself: several may have one name, which nobody asks for."""
    return [single for plugin in known("memcached_sessions.converters").values() for single in plugin.claimants()]
