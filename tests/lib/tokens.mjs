// What a client does after the first sign-in: refresh, introspect, revoke, push; and a look into the database.
import { readFile, readlink } from 'node:fs/promises';
import path from 'node:path';

import { startCgi } from './cgi.mjs';
import { formBody, basic, request } from './http.mjs';
import { run } from './process.mjs';
import { until } from './wait.mjs';

export const FORM = 'application/x-www-form-urlencoded';

/** Form and headers of a request to a back channel endpoint, with the client's own authentication; undefined removes. */
export function clientRequest(client, fields = {}, headers = {}) {
	const post = client.token_endpoint_auth_method === 'client_secret_post';
	const form = {
		...(client.client_secret && !post ? {} : { client_id: client.client_id }),
		...(post ? { client_secret: client.client_secret } : {}),
		...fields,
	};
	const all = { ...(client.client_secret && !post ? { Authorization: basic(client.client_id, client.client_secret) } : {}), ...headers };
	for (const name of Object.keys(all)) {
		if (all[name] === undefined)
			delete all[name];
	}
	return { form, headers: all };
}

export const call = (server, endpoint, client, fields, headers) => request(server.url(endpoint), clientRequest(client, fields, headers));

export const refreshFields = (token, fields) => ({ grant_type: 'refresh_token', refresh_token: token, ...fields });

export const refresh = (server, client, token, fields, headers) => call(server, 'token', client, refreshFields(token, fields), headers);

export const revoke = (server, client, token, fields) => call(server, 'revoke', client, { token, ...fields });

export async function introspect(server, client, token, fields) {
	const answer = await call(server, 'introspect', client, { token, ...fields });
	if (answer.status !== 200)
		throw new Error(`introspect: ${answer.status} ${answer.text}`);
	return answer.json();
}

/** Runs SQL in the installation's database; rows of columns. Text must be without line breaks and bars. */
export async function sql(server, text) {
	const { code, stdout, stderr } = await run('sqlite3', ['-cmd', '.timeout 10000', path.join(server.directory, 'database/latchkey.db'), text]);
	if (code !== 0)
		throw new Error(`${text}: ${stderr}`);
	return stdout.split('\n').filter(Boolean).map((line) => line.split('|'));
}

export const sqlValue = async (server, text) => (await sql(server, text))[0]?.[0];

/** The family (grant) of a refresh token. */
export const familyOf = (token) => token.split('.')[0];

/**
 * The same request by many processes at once, without a web server: all have been started and sleep until their body
 * comes, then it comes to all.
 */
export async function atOnce(server, endpoint, requests) {
	const children = requests.map(({ form, headers }) => startCgi(server, server.url(endpoint), {
		method: 'POST', body: formBody(form), headers: { 'Content-Type': FORM, ...headers },
	}));
	await until('all processes wait for their body', async () => {
		const states = await Promise.all(children.map(async ({ child }) => {
			const program = await readlink(`/proc/${child.pid}/exe`);
			const status = await readFile(`/proc/${child.pid}/stat`, 'utf8');
			return program.endsWith(`/${endpoint}`) && / S /.test(status.slice(status.lastIndexOf(')')));
		}));
		return states.every(Boolean);
	});
	for (const child of children)
		child.release();
	return Promise.all(children.map((child) => child.answer));
}
