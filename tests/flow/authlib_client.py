"""A relying party by Authlib, for authlib.test.mjs: does what one line of JSON on its input says.

Where a browser has to go somewhere, it prints {"visit": URL} and reads where the browser came back to. After each of
the job's tasks, which are functions below, it prints {"done": TASK}; an exception ends it with a trace.
"""
import json
import os
import sys
from urllib.parse import parse_qsl, urlsplit

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # http on localhost

import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey, JsonWebSignature, JsonWebToken
from authlib.jose.rfc8037 import register_jws_rfc8037
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.core import CodeIDToken

register_jws_rfc8037(JsonWebSignature)

job = json.loads(sys.stdin.readline())
metadata = requests.get(job["issuer"] + "/.well-known/openid-configuration", timeout=30).json()
token_endpoint = metadata["token_endpoint"]


def new_session(scope=job["scope"], **more):
    method = job["method"]
    session = OAuth2Session(
        job["client_id"], job.get("secret"), scope=scope, redirect_uri=job["redirect_uri"],
        token_endpoint=token_endpoint, token_endpoint_auth_method=method, revocation_endpoint_auth_method=method,
        code_challenge_method="S256", default_timeout=30, **more)
    if method == "private_key_jwt":
        session.register_client_auth_method(PrivateKeyJWT(token_endpoint, alg=job["alg"]))
    return session


def visit(url):
    print(json.dumps({"visit": url}), flush=True)
    return sys.stdin.readline().strip()


def check_id_token(text, access_token, nonce):
    """As Authlib's own integrations check it; without at_hash Authlib would not notice a foreign access token."""
    keys = JsonWebKey.import_key_set(requests.get(metadata["jwks_uri"], timeout=30).json())
    claims = JsonWebToken(metadata["id_token_signing_alg_values_supported"]).decode(
        text, keys, claims_cls=CodeIDToken,
        claims_options={"iss": {"values": [metadata["issuer"]]}, "aud": {"value": job["client_id"]}},
        claims_params={"nonce": nonce, "client_id": job["client_id"], "access_token": access_token})
    claims.validate(leeway=10)
    assert claims["at_hash"]
    return claims


def sign_in(session, push=False):
    verifier, nonce = generate_token(48), generate_token(20)
    url, state = session.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
    if push:
        parameters = dict(parse_qsl(urlsplit(url).query))
        if job["method"] in ("none", "client_secret_post"):
            del parameters["client_id"]  # the client authentication adds it
        pushed = session.post(
            metadata["pushed_authorization_request_endpoint"], data=parameters, auth=session.client_auth(job["method"]))
        assert pushed.status_code == 201, pushed.text
        assert pushed.json()["expires_in"] > 0
        url = requests.Request("GET", metadata["authorization_endpoint"], params={
            "client_id": job["client_id"], "request_uri": pushed.json()["request_uri"]}).prepare().url
    session.fetch_token(authorization_response=visit(url), state=state, code_verifier=verifier)
    return check_id_token(session.token["id_token"], session.token["access_token"], nonce)


def refused(code, call, *arguments, **keywords):
    try:
        call(*arguments, **keywords)
    except OAuthError as error:
        assert error.error == code, error
        assert error.description
        return
    raise AssertionError("not refused with " + code)


def userinfo(session):
    return session.get(metadata["userinfo_endpoint"])


def introspect(session, token, hint=None):
    answer = session.introspect_token(metadata["introspection_endpoint"], token=token, token_type_hint=hint)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("application/json")
    return answer.json()


def refreshes():
    """Authlib sends the scope that it asked for with every refresh."""
    session = new_session()
    first = sign_in(session)
    refresh = session.token["refresh_token"]
    for _ in range(3):
        old = session.token["refresh_token"]
        session.refresh_token(token_endpoint)
        assert session.token["refresh_token"] != old
        claims = check_id_token(session.token["id_token"], session.token["access_token"], None)
        assert "nonce" not in claims
        assert [claims[name] for name in ("sub", "sid", "auth_time")] == [first[name] for name in ("sub", "sid", "auth_time")]
        assert userinfo(session).json()["sub"] == first["sub"]
    refused("invalid_scope", session.refresh_token, token_endpoint, scope="openid phone")
    refused("invalid_grant", session.refresh_token, token_endpoint, refresh_token=refresh)


def refreshes_by_itself():
    """An access token that has expired is renewed before it is used."""
    updates = []
    session = new_session(update_token=lambda token, **_: updates.append(token))
    sign_in(session)
    session.token["expires_at"] = 1
    assert userinfo(session).status_code == 200
    assert len(updates) == 1


def revokes():
    session = new_session()
    sign_in(session)
    access, refresh = session.token["access_token"], session.token["refresh_token"]
    answer = session.revoke_token(metadata["revocation_endpoint"], token=access, token_type_hint="access_token")
    assert (answer.status_code, answer.json()) == (200, {})
    assert userinfo(session).status_code == 401
    session.refresh_token(token_endpoint, refresh_token=refresh)
    assert userinfo(session).status_code == 200
    assert session.revoke_token(metadata["revocation_endpoint"]).status_code == 200  # by itself the refresh token
    assert userinfo(session).status_code == 401
    refused("invalid_grant", session.refresh_token, token_endpoint)
    assert session.revoke_token(metadata["revocation_endpoint"], token="never-heard-of").status_code == 200


def introspects():
    session = new_session()
    claims = sign_in(session)
    access, refresh = session.token["access_token"], session.token["refresh_token"]
    answer = introspect(session, access, "access_token")
    assert answer["active"] is True
    assert (answer["sub"], answer["client_id"], answer["iss"]) == (claims["sub"], job["client_id"], job["issuer"])
    assert introspect(session, refresh, "refresh_token")["active"] is True
    session.revoke_token(metadata["revocation_endpoint"], token=refresh)
    assert introspect(session, access) == {"active": False}
    assert introspect(session, "never-heard-of") == {"active": False}


def gets_tokens_for_itself():
    session = new_session(scope=None)
    token = session.fetch_token(token_endpoint, grant_type="client_credentials")
    assert token["token_type"] == "Bearer"
    assert "refresh_token" not in token and "id_token" not in token
    assert introspect(session, token["access_token"])["sub"] == job["client_id"]
    refused("invalid_target", session.fetch_token, token_endpoint, grant_type="client_credentials", resource="https://nowhere.example/")


def pushes():
    session = new_session()
    sign_in(session, push=True)
    assert userinfo(session).status_code == 200


for task in job["tasks"]:
    globals()[task]()
    print(json.dumps({"done": task}), flush=True)
