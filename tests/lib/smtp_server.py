"""An SMTP server for tests: prints one line of JSON with its port, then one for each mail that it took."""
import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

options = json.loads(sys.argv[1])


def say(**members):
    print(json.dumps(members), flush=True)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        say(tried=address)
        if options.get("refuse"):
            return options["refuse"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if options.get("slow"):
            await asyncio.sleep(options["slow"])
        say(
            sender=envelope.mail_from,
            recipients=envelope.rcpt_tos,
            tls=session.ssl is not None or options.get("tls") == "smtps",
            authenticated=bool(session.authenticated),
            data=envelope.content.decode("utf-8"),
        )
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    good = data.login.decode() == options["user"] and data.password.decode() == options["password"]
    return AuthResult(success=good, handled=good)  # not handled: the library answers 535


async def main():
    tls = options.get("tls")
    context = None
    if tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(options["certificate"], options["key"])

    def factory():
        more = {}
        if options.get("user"):
            more = dict(authenticator=authenticate, auth_required=True, auth_require_tls=False)
        if tls == "starttls":
            more.update(tls_context=context, require_starttls=True)
        return SMTP(Handler(), hostname="localhost", enable_SMTPUTF8=False, **more)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(factory, "127.0.0.1", 0, ssl=context if tls == "smtps" else None)
    say(port=server.sockets[0].getsockname()[1])
    await server.serve_forever()


asyncio.run(main())
