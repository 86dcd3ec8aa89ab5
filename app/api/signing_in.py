"""Routes of signing in to the web pages: by name and password, or by the sign-in provider."""

from typing import TYPE_CHECKING, cast

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from app.api.access import ANY_SCOPE, any_key, open_to_all, principal_of_request
from app.api.json_body import JsonRoute
from app.api.problems import PROBLEM_RESPONSES
from app.composition.runtime import Runtime
from app.errors import NotFoundError, TooManyRequestsError, UnauthenticatedError, UnavailableError
from app.identity import people
from app.identity import signing_in as passwords
from app.identity.gate import Gate
from app.schemas.identity import ProviderReturn, ProviderSignIn, SessionOut, SignIn, SignInWays

if TYPE_CHECKING:
    from app.identity.provider import Provider

TRIES_PER_MINUTE = 20
"""Most passwords tried for one name in a minute."""
MOST_AT_ONCE = 8
"""Passwords compared or waiting for it; each takes a processor for a moment, and a thread that others want too."""

router = APIRouter(prefix="/sign-in", tags=["identity"], route_class=JsonRoute, responses=PROBLEM_RESPONSES)


@router.get("")
@open_to_all
async def ways_to_sign_in(request: Request) -> SignInWays:
    """How people sign in here."""
    settings = cast("Runtime", request.app.state.runtime).settings
    provider = settings.sign_in.provider_name if request.app.state.provider is not None else None
    return SignInWays(mode=settings.mode, provider=provider)


@router.post("")
@open_to_all
async def sign_in(body: SignIn, request: Request) -> SessionOut:
    """Open a session by name and password; it is a key that lasts a few hours."""
    runtime = cast("Runtime", request.app.state.runtime)
    return await _session(runtime, await _user_of_password(runtime, _gate(request), body))


@router.delete("", status_code=204)
@any_key(ANY_SCOPE)
def sign_out(request: Request) -> Response:
    """End the session whose key is shown; a key that was made to last stays."""
    principal = principal_of_request(request)
    if principal.kind == "session":
        people.revoke_key(cast("Runtime", request.app.state.runtime).db, principal.key_id)
    return Response(status_code=204)


@router.post("/provider")
@open_to_all
async def begin_at_provider(request: Request) -> ProviderSignIn:
    """Begin to sign in by the provider: where to send the browser."""
    runtime = cast("Runtime", request.app.state.runtime)
    begun = await run_in_threadpool(_provider(request).begin, runtime.db)
    return ProviderSignIn(url=begun.url, state=begun.state)


@router.post("/provider/return")
@open_to_all
async def return_from_provider(body: ProviderReturn, request: Request) -> SessionOut:
    """Open a session for whom the provider vouches."""
    runtime = cast("Runtime", request.app.state.runtime)
    user_id = await run_in_threadpool(_provider(request).finish, runtime.db, body.state, body.code)
    return await _session(runtime, user_id)


async def _user_of_password(runtime: Runtime, gate: Gate, shown: SignIn) -> str:
    """Id of the user whose name and password are shown.

    Raises:
        UnauthenticatedError: Nobody has them.
        TooManyRequestsError: Too many were tried for this name.
        UnavailableError: Too many are compared at this moment.
    """
    wait_s = gate.sign_ins.take(shown.name, TRIES_PER_MINUTE)
    if wait_s:
        raise TooManyRequestsError(
            "too_many_tries",
            "Too many passwords were tried for this name.",
            "Wait a little.",
            retry_after_s=int(wait_s) + 1,
        )
    if gate.comparing >= MOST_AT_ONCE:
        raise UnavailableError(
            "sign_ins_busy", "Many people sign in at this moment.", "Try again.", retry_after_s=1
        )
    gate.comparing += 1
    try:
        user_id = await run_in_threadpool(passwords.password_fits, runtime.db, shown.name, shown.password)
    finally:
        gate.comparing -= 1
    if user_id is None:
        raise UnauthenticatedError(
            "wrong_password",
            "There is no user with this name and password.",
            "An administrator sets a new one: fathom users change NAME --password.",
        )
    return user_id


async def _session(runtime: Runtime, user_id: str) -> SessionOut:
    hours = runtime.settings.sign_in.session_hours
    made = await run_in_threadpool(people.open_session, runtime.db, user_id, hours)
    return SessionOut(key=made.text, expires_at=made.view.expires_at)


def _gate(request: Request) -> Gate:
    gate = cast("Gate | None", request.app.state.gate)
    if gate is None:
        raise NotFoundError(
            "no_sign_in", "Nobody signs in here.", 'Set mode = "users" (FATHOM_MODE=users) for users.'
        )
    return gate


def _provider(request: Request) -> "Provider":
    provider = cast("Provider | None", request.app.state.provider)
    if provider is None:
        raise NotFoundError(
            "no_provider", "There is no sign-in provider.", "Configure one (FATHOM_SIGN_IN__ISSUER)."
        )
    return provider
