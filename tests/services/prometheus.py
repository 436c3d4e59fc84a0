"""A real Prometheus for tests: it scrapes what its configuration names, and answers queries."""

from __future__ import annotations

import json
import shutil
import urllib.parse
import urllib.request
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from tests.services.server import Server, ServerFailed, free_port


class Answers:
    """What the Prometheus that listens on a port of the loopback says."""

    def __init__(self, port: int) -> None:
        self._port: Final = port

    def query(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """What PromQL says now: labels and value of each series; none where there is no data."""
        found = self._get("query", query=expression)
        return [(series["metric"], float(series["value"][1])) for series in found["result"]]

    def targets(self) -> dict[str, str]:
        """The health of each target (`up`, `down`, `unknown`), by its instance."""
        active = self._get("targets", state="active")["activeTargets"]
        return {target["labels"]["instance"]: target["health"] for target in active}

    def _get(self, what: str, **parameters: str) -> dict[str, Any]:
        asked = f"{what}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/api/v1/{asked}", timeout=10) as answer:
            return dict(json.loads(answer.read())["data"])


class Prometheus(Server):
    name: ClassVar[str] = "prometheus"
    patience: ClassVar[float] = 30

    def __init__(self, config: str, options: Sequence[str] = ()) -> None:
        """With the text of a prometheus.yml, beside which rules may be laid in `folder`; options go before ours."""
        super().__init__()
        self.port: Final = free_port()
        self.config: Final = self.folder / "prometheus.yml"
        self.config.write_text(config)
        self._options: Final = tuple(options)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        return [
            binary("prometheus"),
            *self._options,
            f"--config.file={self.config}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]

    def ready(self, said: str) -> bool:
        del said
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:  # not listening yet, or 503 while it loads
            return False

    @property
    def answers(self) -> Answers:
        return Answers(self.port)


def binary(name: str) -> str:
    """The path of `prometheus` or `promtool`."""
    found = shutil.which(name)
    if found is None:
        raise ServerFailed(f"no {name} on the PATH: run `make servers`, which installs it or says how")
    return found
