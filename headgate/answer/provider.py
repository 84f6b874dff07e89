"""Chat models of any provider through litellm: a deadline for the whole answer, bounded retries before the first word, prices.

Keys stay in the provider's own environment variables. litellm is imported when the first such bundle is opened.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from headgate.answer.generate import NO_ANSWER, ChatRequest, Delta, render_messages
from headgate.errors import ModelError
from headgate.process import retry
from headgate.process.retry import Retries
from headgate.records import Usage
from headgate.settings import ModelSettings


class ProviderModel:
    """A litellm model by name. Build once, use from any task."""

    def __init__(self, settings: ModelSettings) -> None:
        import litellm
        import openai  # litellm's exceptions derive from its

        litellm.suppress_debug_info = True
        litellm.disable_hf_tokenizer_download = True
        self.name = settings.name
        self._settings = settings
        self._litellm: Any = litellm
        self._failure: type[Exception] = openai.OpenAIError

    async def stream(self, request: ChatRequest) -> AsyncIterator[Delta]:
        """The answer as it comes. A reply that is `NO_ANSWER` declines; it is held back until it can be told apart.

        Raises:
            ModelError: every try failed, or the deadline passed; says which provider and why.
        """
        deadline = time.monotonic() + self._settings.timeout_seconds
        stream = await self._open(request, deadline)
        held, started, usage = "", False, Usage(cost=None)
        try:
            while True:
                try:
                    chunk = await asyncio.wait_for(anext(stream), timeout=max(0.001, deadline - time.monotonic()))
                except StopAsyncIteration:
                    break
                if getattr(chunk, "usage", None):
                    usage = self._usage(chunk.usage)
                text = (chunk.choices[0].delta.content or "") if chunk.choices else ""
                if started:
                    yield Delta(text=text)
                    continue
                held += text
                if not NO_ANSWER.startswith(held.strip()[: len(NO_ANSWER)]):
                    started = True
                    yield Delta(text=held.lstrip())
        except TimeoutError as error:
            raise ModelError(f"model {self.name!r} did not finish within {self._settings.timeout_seconds:g} s") from error
        except self._failure as error:
            raise ModelError(f"model {self.name!r} failed in mid-answer: {type(error).__name__}") from error
        finally:
            if hasattr(stream, "aclose"):
                await stream.aclose()
        if not started:
            yield Delta(declined=True, usage=usage) if held.strip() in {"", NO_ANSWER} else Delta(text=held.strip())
        yield Delta(usage=usage)

    async def _open(self, request: ChatRequest, deadline: float) -> Any:
        wanted, tried = self._settings, 0

        async def once() -> Any:
            nonlocal tried
            tried += 1
            remaining = max(0.001, deadline - time.monotonic())
            return await asyncio.wait_for(self._call(request, remaining), timeout=remaining)

        retries = Retries(tries=wanted.retries + 1, first_pause=retry.PROVIDER_PAUSE, deadline=wanted.timeout_seconds)
        try:
            return await retries.call_async(once, retry.of_provider)
        except TimeoutError as error:
            raise ModelError(f"model {self.name!r} did not answer within {wanted.timeout_seconds:g} s") from error
        except self._failure as error:
            if retry.of_provider(error):
                raise ModelError(f"model {self.name!r} failed {tried} time(s), last with {type(error).__name__}") from error
            raise ModelError(
                f"model {self.name!r} refused the call: {type(error).__name__}; check its name, key and model.api_base"
            ) from error

    async def _call(self, request: ChatRequest, timeout: float) -> Any:  # noqa: ASYNC109 - passed on to the provider
        return await self._litellm.acompletion(
            model=self._settings.name,
            messages=render_messages(request),
            temperature=self._settings.temperature,
            max_tokens=self._settings.max_output_tokens,
            api_base=self._settings.api_base or None,
            timeout=timeout,
            stream=True,
            stream_options={"include_usage": True},
            max_retries=0,
            num_retries=0,
        )

    def _usage(self, usage: Any) -> Usage:
        prompt, completion = int(usage.prompt_tokens or 0), int(usage.completion_tokens or 0)
        try:
            input_price, output_price = self._litellm.cost_per_token(
                model=self.name, prompt_tokens=prompt, completion_tokens=completion
            )
        except Exception:  # noqa: BLE001 - litellm raises bare Exception for a model it has no price for
            return Usage(prompt_tokens=prompt, completion_tokens=completion, cost=None)
        return Usage(prompt_tokens=prompt, completion_tokens=completion, cost=float(input_price + output_price))
