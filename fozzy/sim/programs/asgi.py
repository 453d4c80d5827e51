"""A program that is an ASGI application, served by uvicorn as it is on a real machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fozzy.sim.programs.function import FunctionProgram

if TYPE_CHECKING:
    from fozzy.sim.settings import NodeSetting


class AsgiProgram(FunctionProgram):
    """Runs `module:app` under uvicorn on the machine's port."""

    @property
    def serves(self) -> bool:
        """Always: a server that is still starting waits for others too."""
        return True

    def coroutine(self) -> Any:
        return serve(self.cluster.user.load(self.setting.target), self.setting)


async def serve(app: Any, setting: NodeSetting) -> None:
    """Serve until the end. *Errors*: `ImportError` that says what is missing."""
    try:
        import uvicorn
    except ImportError:
        raise ImportError("an asgi node is served by uvicorn, which is not installed: pip install uvicorn") from None
    config = uvicorn.Config(app, host="0.0.0.0", port=setting.port, log_config=None, access_log=False, loop="none")
    server = uvicorn.Server(config)
    await server.serve()
    if not server.started:
        raise RuntimeError("the application did not start: its lifespan failed")
