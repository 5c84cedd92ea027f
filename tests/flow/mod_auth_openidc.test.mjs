// Debian's mod_auth_openidc in a real Apache, unmodified: issuer, id and secret make the client.
import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Browser, decide, isConsent, isLogin, reply, signIn } from '../lib/browser.mjs';
import { formsOf, textOf } from '../lib/html.mjs';
import { request } from '../lib/http.mjs';
import { freePort, start } from '../lib/process.mjs';
import { ALICE, startServer } from '../lib/server.mjs';
import { until } from '../lib/wait.mjs';

const MODULES = '/usr/lib/apache2/modules';
const APACHE = ['/usr/sbin/apache2', '/usr/sbin/httpd'].find(existsSync);
const missing = !APACHE || !existsSync(`${MODULES}/mod_auth_openidc.so`)
	? 'needs apache2 and libapache2-mod-auth-openidc' : false;

let server;

before(async () => {
	if (!missing)
		server = await startServer();
});
after(() => server?.stop());

const load = (name, file = `mod_${name}.so`) => `LoadModule ${name}_module ${MODULES}/${file}`;

/** Apache with one protected page that shows what the module learnt. `host` is the application's own name. */
async function startApache(client, { host, port, lines = [], folder }) {
	await chmod(folder, 0o755);
	await mkdir(path.join(folder, 'htdocs/protected'), { recursive: true });
	await writeFile(path.join(folder, 'htdocs/protected/index.html'),
		'<!doctype html><title>Protected</title><h1>Inside</h1><pre id="claims">\n<!--#printenv -->\n</pre>\n');
	await writeFile(path.join(folder, 'htdocs/index.html'), 'up\n');
	const configuration = `
ServerRoot ${folder}
DefaultRuntimeDir ${folder}
PidFile ${folder}/apache.pid
ServerName ${host}
Listen 127.0.0.1:${port}
Listen [::1]:${port}
${load('mpm_event')}
${load('authn_core')}
${load('authz_core')}
${load('authz_user')}
${load('dir')}
${load('mime')}
${load('include')}
${load('auth_openidc')}
TypesConfig /dev/null
AddType text/html .html
ErrorLog ${folder}/error.log
LogLevel info auth_openidc:info
Mutex default:${folder}
User ${process.getuid() === 0 ? 'www-data' : os.userInfo().username}
Group ${process.getuid() === 0 ? 'www-data' : `#${process.getgid()}`}
StartServers 1
ThreadsPerChild 8
ServerLimit 2
MaxRequestWorkers 16
MinSpareThreads 1
MaxSpareThreads 16
DocumentRoot ${folder}/htdocs
DirectoryIndex index.html
OIDCProviderMetadataURL ${server.issuer}/.well-known/openid-configuration
OIDCClientID ${client.client_id}
OIDCClientSecret ${client.client_secret}
OIDCRedirectURI ${client.redirect_uris[0]}
OIDCCryptoPassphrase a-passphrase-of-this-test
OIDCScope "openid profile email phone"
${lines.join('\n')}
<Location /protected/>
	AuthType openid-connect
	Require valid-user
	Options +Includes
	SetOutputFilter INCLUDES
</Location>
`;
	const file = path.join(folder, 'apache.conf');
	await writeFile(file, configuration);
	const apache = start(APACHE, ['-d', folder, '-f', file, '-DFOREGROUND']);
	await until('Apache answers', async () => {
		if (apache.over)
			throw new Error(apache.output());
		return (await request(`http://localhost:${port}/`)).status === 200;
	});
	return apache;
}

async function withApache(client, options, work) {
	const port = await freePort();
	const host = options.host ?? 'localhost';
	const folder = await mkdtemp(path.join(os.tmpdir(), 'latchkey-apache-'));
	const registered = await server.addClient({ redirect_uris: [`http://${host}:${port}/protected/redirect_uri`], ...client });
	let apache;
	try {
		apache = await startApache(registered, { ...options, host, port, folder });
		await work(`http://${host}:${port}`);
	} catch (error) {
		const log = await readFile(path.join(folder, 'error.log'), 'utf8').catch(() => '');
		error.message += `\n${log.split('\n').slice(-25).join('\n')}`;
		throw error;
	} finally {
		await apache?.stop();
		await rm(folder, { recursive: true, force: true });
	}
}

/** From the protected page through everything and back to it. A page that sends itself is sent, as JavaScript would. */
async function through(origin, { expectPkce }) {
	const browser = new Browser();
	const steps = [];
	const go = (next) => {
		steps.push(next);
		return true;
	};
	let page = await browser.visit(`${origin}/protected/`, { go });
	for (let count = 0; count < 8; count++) {
		if (page.url.origin === origin && page.text.includes('id="claims"'))
			break;
		if (isLogin(page))
			page = await signIn(browser, page, server.users.alice, { go });
		else if (isConsent(page))
			page = await decide(browser, page, 'allow', { go });
		else if (reply(page, server.issuer) && page.location)
			page = await browser.follow(page, go);
		else if (formsOf(page.text).length === 1)
			page = await browser.submit(page, { go });
		else
			throw new Error(`stuck at ${page.status} ${page.url}: ${textOf(page.text).slice(0, 1000)}`);
	}
	assert.equal(page.status, 200, textOf(page.text));
	assert.equal(page.url.href, `${origin}/protected/`);
	const text = textOf(page.text);
	assert.match(text, /OIDC_CLAIM_preferred_username=alice/);
	assert.ok(text.includes(`OIDC_CLAIM_email=${ALICE.claims.email}`));
	assert.ok(text.includes(`OIDC_CLAIM_name=${ALICE.claims.name}`));
	assert.ok(text.includes(`OIDC_CLAIM_iss=${server.issuer}`));
	assert.match(text, /OIDC_CLAIM_email_verified=1/);
	const request = steps.find((url) => url.pathname.endsWith('/authorize') && url.searchParams.has('client_id'));
	if (expectPkce !== undefined)
		assert.equal(request.searchParams.has('code_challenge'), expectPkce);
	return { browser, page, steps };
}

describe('mod_auth_openidc', { skip: missing }, () => {
	test('with PKCE', async () => {
		await withApache({ client_name: 'Apache' }, { lines: ['OIDCPKCEMethod S256'] }, (origin) => through(origin, { expectPkce: true }));
	});

	test('without PKCE, as a client with pkce: nonce', async () => {
		await withApache({ client_name: 'Apache without PKCE', pkce: 'nonce' }, {}, (origin) => through(origin, { expectPkce: false }));
	});

	test('without PKCE as a client that must: an error that says what to do, no sign-in', async () => {
		await withApache({ client_name: 'Apache refused' }, {}, async (origin) => {
			// The module itself takes an error with iss for a sign-in that a third party began, so the redirect is looked at.
			const answer = await new Browser().visit(`${origin}/protected/`, { go: (next) => next.origin !== origin });
			const { params } = reply(answer, server.issuer);
			assert.equal(answer.location.origin, origin);
			assert.equal(params.get('error'), 'invalid_request');
			assert.match(params.get('error_description'), /code_challenge/);
		});
	});

	test('with the secret in the body, and form_post', async () => {
		await withApache({ client_name: 'Apache form_post', token_endpoint_auth_method: 'client_secret_post' },
			{ lines: ['OIDCPKCEMethod S256', 'OIDCResponseMode form_post', 'OIDCProviderTokenEndpointAuth client_secret_post'] },
			(origin) => through(origin, { expectPkce: true }));
	});

	test('authorization request by POST from another site', async () => {
		await withApache({ client_name: 'Apache POST' },
			{ host: '127.0.0.1', lines: ['OIDCPKCEMethod S256', 'OIDCProviderAuthRequestMethod POST', 'OIDCUserInfoTokenMethod post_param'] },
			(origin) => through(origin, {}));
	});

	test('a second page of the same browser needs no password', async () => {
		await withApache({ client_name: 'Apache again' }, { lines: ['OIDCPKCEMethod S256'] }, async (origin) => {
			const { browser } = await through(origin, {});
			for (const name of [...browser.cookies.of('localhost').keys()].filter((one) => one.startsWith('mod_auth_openidc')))
				browser.cookies.of('localhost').delete(name);
			const page = await browser.visit(`${origin}/protected/`, { go: () => true });
			assert.ok(page.text.includes('id="claims"'), `${page.status} ${page.url}`);
		});
	});
});
