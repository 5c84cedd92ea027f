// A relying party of a few lines, for tests that send what no library would.
import { createHash, randomBytes } from 'node:crypto';

import { basic, request } from './http.mjs';
import { finish } from './browser.mjs';
import { lacks, USUAL_SERVER } from './web_servers.mjs';

/** Of a client that was registered without one, and may use either (some web servers keep Authorization: Basic from the endpoints). */
const USUAL_METHOD = lacks(USUAL_SERVER, 'Basic') ? 'client_secret_post' : 'client_secret_basic';

export const random = (bytes = 32) => randomBytes(bytes).toString('base64url');
export const challenge = (verifier) => createHash('sha256').update(verifier).digest('base64url');

/** A complete authorization request with fresh state, nonce and verifier; `more` changes or (undefined) removes. */
export function authorization(server, client, more = {}) {
	const verifier = random();
	const parameters = {
		client_id: client.client_id,
		response_type: 'code',
		redirect_uri: client.redirect_uris[0],
		scope: 'openid',
		state: random(16),
		nonce: random(16),
		code_challenge: challenge(verifier),
		code_challenge_method: 'S256',
		...more,
	};
	for (const [name, value] of Object.entries(parameters)) {
		if (value === undefined)
			delete parameters[name];
	}
	return { verifier, parameters, url: server.url('authorize', parameters), client };
}

/** Sends the browser to authorize and on to the client's reply. */
export async function authorize(server, browser, client, more, options) {
	const started = authorization(server, client, more);
	const answer = await browser.visit(started.url);
	return { ...started, ...await finish(browser, answer, server.issuer, { user: server.users.alice, ...options }) };
}

/** The token request of a reply, as the client is registered; `fields` and `headers` change or remove. */
export function redemption(server, outcome, { fields = {}, headers = {}, method } = {}) {
	const { client } = outcome;
	const way = method ?? (client.client_secret ? client.token_endpoint_auth_method ?? USUAL_METHOD : 'none');
	const form = {
		grant_type: 'authorization_code',
		code: outcome.params.get('code'),
		redirect_uri: outcome.parameters.redirect_uri,
		code_verifier: outcome.parameters.code_challenge ? outcome.verifier : undefined,
		...(way === 'client_secret_basic' ? {} : { client_id: client.client_id }),
		...(way === 'client_secret_post' ? { client_secret: client.client_secret } : {}),
		...fields,
	};
	const all = { ...(way === 'client_secret_basic' ? { Authorization: basic(client.client_id, client.client_secret) } : {}), ...headers };
	for (const name of Object.keys(all)) {
		if (all[name] === undefined)
			delete all[name];
	}
	return { form, headers: all };
}

export async function redeem(server, outcome, changes) {
	return request(server.url('token'), redemption(server, outcome, changes));
}

/** authorize and redeem: { …, tokens } */
export async function obtain(server, browser, client, more, options) {
	const outcome = await authorize(server, browser, client, more, options);
	const answer = await redeem(server, outcome);
	if (answer.status !== 200)
		throw new Error(`token: ${answer.status} ${answer.text}`);
	return { ...outcome, tokens: answer.json() };
}

export function userinfo(server, token, options = {}) {
	return request(server.url('userinfo'), { ...options, headers: { Authorization: `Bearer ${token}`, ...options.headers } });
}

/** Header and payload of a JWT, unchecked. */
export function decode(jwt) {
	const [header, payload] = jwt.split('.').slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url')));
	return { header, payload };
}
