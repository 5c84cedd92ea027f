// Endpoints that stay: nothing of a request is left for the next one, nothing is lost where processes come and go.
import assert from 'node:assert/strict';
import { readFileSync, readlinkSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { accountGet } from '../lib/account.mjs';
import { Browser, isLogin, signIn } from '../lib/browser.mjs';
import { authorization, decode, obtain, random, userinfo } from '../lib/client.mjs';
import { endpoints } from '../lib/endpoint.mjs';
import { run } from '../lib/process.mjs';
import { request } from '../lib/http.mjs';
import { PASSWORD } from '../lib/server.mjs';
import { sql, sqlValue } from '../lib/tokens.mjs';
import { until } from '../lib/wait.mjs';
import { missingFor, startUnder } from '../lib/web_servers.mjs';

const MEMORY_LIMIT_MIB = 64; // of all endpoint processes together, outside Argon2id
const PEOPLE = 8;
const CLIENT = { redirect_uris: ['https://web.example/cb'], consent: 'none', token_endpoint_auth_method: 'client_secret_post' };

const nameOf = (pid) => readlinkSync(`/proc/${pid}/exe`).replace(/^.*\/cgi-bin\/| \(deleted\)$/g, '');
const parentOf = (pid) => Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);

/** Of an endpoint: { supervisor, workers } */
function processesOf(server, name) {
	const own = server.service.endpoints().filter((pid) => {
		try {
			return nameOf(pid) === name;
		} catch {
			return false; // has just ended
		}
	});
	const workers = own.filter((pid) => own.includes(parentOf(pid)));
	return { supervisor: own.find((pid) => !workers.includes(pid)), workers };
}

/** Of all these processes together: { count, total, largest } in MiB; what several share is counted once. */
function memoryOf(pids) {
	const sizes = pids.map((pid) => {
		try {
			return Number(/^Pss:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]) / 1024;
		} catch {
			return 0;
		}
	});
	return { count: pids.length, total: sizes.reduce((sum, size) => sum + size, 0), largest: Math.max(...sizes) };
}

/** `count` requests, so many at a time: their statuses, counted. */
async function load(count, atOnce, send) {
	const statuses = {};
	let next = 0;
	await Promise.all(Array.from({ length: atOnce }, async () => {
		while (next < count) {
			const answer = await send(next++).catch((error) => ({ status: error.code ?? String(error) }));
			statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
		}
	}));
	return statuses;
}

describe('people who share processes', () => {
	let server;
	let seen;

	before(async () => {
		server = await startUnder('lighttpd-fastcgi', { users: [], settings: { fastcgi_processes: 2 } });
	});
	after(() => server?.stop());

	/** Somebody whose every word is unlike everybody else's; `answers` is all that this browser was told. */
	async function somebody(index) {
		const word = `w${index}-${random(9)}`;
		const person = { index, word, secrets: [word], answers: [] };
		const username = `user-${word}`.toLowerCase();
		person.secrets.push(username);
		await server.addUser({ username, password: PASSWORD, email: `${username}@example.org`, claims: { name: `Name ${word}`, locale: index % 2 ? 'de' : 'en' } });
		person.user = server.users[username];
		person.client = await server.addClient({ ...CLIENT, client_name: `App ${word}`, redirect_uris: [`https://${username}.example/cb`] });
		person.secrets.push(person.client.client_id, person.client.client_secret);
		person.transport = async (url, options) => {
			const answer = await request(url, { ...options, headers: { ...options.headers, 'Accept-Language': index % 2 ? 'de' : 'en' } });
			person.answers.push(`${answer.status} ${JSON.stringify(answer.rawHeaders)} ${answer.text}`);
			for (const line of answer.headers['set-cookie'] ?? []) {
				const value = /^[^=]+=([^;]{16,})/.exec(line)?.[1];
				if (value)
					person.secrets.push(value);
			}
			for (const [, value] of answer.text.matchAll(/name="csrf" value="([^"]{16,})"|"csrf":"([^"]{16,})"/g))
				person.secrets.push(value ?? '');
			return answer;
		};
		return person;
	}

	async function live(person) {
		const browser = new Browser({ transport: person.transport });
		const wrong = { username: person.user.username, password: `wrong ${person.word}` };
		const page = await browser.visit(authorization(server, person.client).url);
		assert.ok(isLogin(await signIn(browser, page, wrong)));
		const { tokens, parameters } = await obtain(server, browser, person.client, { scope: 'openid profile email', state: `state-${person.word}` }, { user: person.user });
		person.secrets.push(tokens.access_token, tokens.id_token, parameters.nonce);
		const send = (url, options) => person.transport(url, options ?? {});
		await Promise.all([
			send(server.url('userinfo'), { headers: { Authorization: `Bearer ${tokens.access_token}` } }),
			send(server.url('userinfo'), { headers: { Authorization: `Bearer bad-${person.word}` } }),
			send(server.url('introspect'), { form: { token: tokens.access_token, client_id: person.client.client_id, client_secret: person.client.client_secret } }),
			send(server.url('token'), { form: { grant_type: 'authorization_code', code: `code-${person.word}`, client_id: person.client.client_id, client_secret: person.client.client_secret } }),
			send(server.url('token'), { form: { grant_type: `x-${person.word}` } }),
			send(server.url('authorize', { client_id: person.client.client_id, redirect_uri: `https://evil.example/${person.word}` })),
			send(server.url('userinfo'), {}),
			send(server.url('jwks'), {}),
			send(server.url('login'), {}),
		]);
		for (const endpoint of ['overview', 'profile', 'sessions', 'applications', 'activity', 'export']) {
			const answer = await accountGet(server, browser, endpoint);
			assert.equal(answer.status, 200, answer.text);
			person.answers.push(`${JSON.stringify(answer.rawHeaders)} ${answer.text}`);
		}
		const nobody = await accountGet(server, new Browser(), 'overview');
		assert.equal(nobody.status, 401);
		person.answers.push(nobody.text);
	}

	test('what one is told never holds a word, a cookie or a token of another', async () => {
		const people = [];
		for (let index = 0; index < PEOPLE; index++)
			people.push(await somebody(index));
		await Promise.all(people.map(async (person) => {
			for (let round = 0; round < 3; round++)
				await live(person);
		}));
		seen = 0;
		for (const person of people) {
			const told = person.answers.join('\n');
			seen += person.answers.length;
			assert.ok(told.includes(person.word));
			for (const other of people.filter((one) => one !== person)) {
				for (const secret of other.secrets.filter(Boolean))
					assert.ok(!told.includes(secret), `person ${person.index} was told ${secret} of ${other.index}`);
			}
		}
		assert.ok(seen > PEOPLE * 3 * 15, `${seen} answers`);
	});

	test('they did share them: two processes an endpoint at most, which nothing replaced', async (t) => {
		const log = await server.log();
		for (const name of ['authorize', 'token', 'userinfo']) {
			const lines = log.filter((line) => line.program === name);
			const pids = new Set(lines.map((line) => line.pid));
			assert.ok(lines.length >= PEOPLE * 3 && pids.size <= 2, `${name}: ${lines.length} lines by ${pids.size} processes`);
		}
		t.diagnostic(`${seen} answers looked through`);
	});
});

describe('processes that come and go', () => {
	let server;
	let client;
	let browser;
	let tokens;

	before(async () => {
		server = await startUnder('lighttpd-fastcgi', { settings: { fastcgi_requests: 5, jwks_cache_seconds: 1 } });
		client = await server.addClient({ ...CLIENT, client_name: 'Web', grant_types: ['authorization_code', 'client_credentials'] });
		browser = new Browser();
		({ tokens } = await obtain(server, browser, client));
	});
	after(() => server?.stop({ errors: true }));

	const ask = () => userinfo(server, tokens.access_token);
	const credentials = (more) => request(server.url('token'), { form: { grant_type: 'client_credentials', client_id: client.client_id, client_secret: client.client_secret, ...more } });

	test('after 5 requests each makes room for a fresh one, under load, and no request fails', async (t) => {
		// Refusals are logged with the process that they come from.
		const ways = [ask, () => credentials(), () => credentials({ scope: 'unheard-of' })];
		assert.deepEqual(await load(600, 16, (index) => ways[index % 3]()), { 200: 400, 400: 200 });
		const counts = {};
		for (const { pid } of (await server.log()).filter((line) => line.program === 'token' && /refused/.test(line.text)))
			counts[pid] = (counts[pid] ?? 0) + 1;
		const processes = Object.keys(counts).length;
		t.diagnostic(`200 refusals among 400 token requests by ${processes} processes`);
		assert.ok(processes >= 40 && Math.max(...Object.values(counts)) <= 5, JSON.stringify(counts));
	});

	test('a changed configuration counts for the next request, in every process', async () => {
		for (const seconds of [77, 78, 79]) {
			await Promise.all(Array.from({ length: 8 }, () => credentials()));
			await server.configure({ access_token_seconds: seconds, site_name: `Site ${seconds}` });
			const answers = await Promise.all(Array.from({ length: 12 }, () => credentials()));
			assert.deepEqual(answers.map((answer) => answer.json().expires_in), Array(12).fill(seconds));
			const page = await new Browser().visit(authorization(server, client).url);
			assert.match(page.text, new RegExp(`Site ${seconds}`));
		}
	});

	test('a configuration that is broken for a moment: errors meanwhile, and none afterwards', async () => {
		await server.configure({ access_token_seconds: 'nonsense' });
		assert.equal((await credentials()).status, 500);
		await server.configure({ access_token_seconds: 600 });
		assert.deepEqual(await load(20, 4, () => credentials()), { 200: 20 });
	});

	test('a rotated key signs, and is published, at once', async () => {
		await credentials();
		await server.latchkey(['key', 'rotate']);
		const next = await sqlValue(server, `SELECT kid FROM signing_keys WHERE state = 'next'`);
		const { keys } = (await request(server.url('jwks'))).json();
		assert.ok(keys.some((key) => key.kid === next));
		await sql(server, `UPDATE signing_keys SET promote_at = unixepoch(), created_at = created_at - 10 WHERE kid = '${next}'`);
		const again = await Promise.all(Array.from({ length: 8 }, () => obtain(server, browser, client)));
		for (const one of again)
			assert.equal(decode(one.tokens.id_token).header.kid, next);
		assert.equal((await ask()).status, 200, 'what the old key signed is good still');
	});
});

describe('processes that die', () => {
	let server;
	let client;
	let tokens;

	before(async () => {
		server = await startUnder('lighttpd-fastcgi');
		client = await server.addClient({ ...CLIENT, client_name: 'Web', grant_types: ['authorization_code', 'client_credentials'] });
		({ tokens } = await obtain(server, new Browser(), client));
	});
	after(() => server?.stop({ errors: true }));

	test('kill -9 under load costs at most the requests that were held', async (t) => {
		const KILLS = 4;
		const killed = [];
		let sent = 0;
		const statuses = await load(800, 8, async () => {
			if (++sent % 150 === 0 && killed.length < KILLS) {
				const [worker] = processesOf(server, 'userinfo').workers.filter((pid) => !killed.includes(pid));
				if (worker) {
					process.kill(worker, 'SIGKILL');
					killed.push(worker);
				}
			}
			return userinfo(server, tokens.access_token);
		});
		t.diagnostic(`${killed.length} killed: ${JSON.stringify(statuses)}`);
		assert.ok(killed.length >= 2);
		const failed = 800 - (statuses[200] ?? 0);
		assert.ok(failed <= killed.length, JSON.stringify(statuses));
		assert.deepEqual(await load(50, 8, () => userinfo(server, tokens.access_token)), { 200: 50 });
	});

	test(`all endpoints together need at most ${MEMORY_LIMIT_MIB} MiB after a mixed load`, async (t) => {
		const all = endpoints().map(({ name }) => name);
		for (let round = 0; round < 4; round++)
			await Promise.all(Array.from({ length: 8 }, () => obtain(server, new Browser(), client, { scope: 'openid profile email' })));
		await load(all.length * 16, 16, (index) => request(server.url(all[index % all.length]), index % 3 ? {} : { form: { a: 'b' } }));
		const measure = () => memoryOf(server.service.endpoints());
		const busy = measure();
		// Idle processes give back what they do not need.
		const idle = await until(`they need less than ${MEMORY_LIMIT_MIB} MiB`, () => {
			const now = measure();
			return now.total <= MEMORY_LIMIT_MIB * 0.85 && now;
		}, 5).catch(measure);
		for (const [when, { count, total, largest }] of [['at the end of the load', busy], ['idle', idle]])
			t.diagnostic(`${when}: ${count} processes of ${all.length} endpoints, ${total.toFixed(1)} MiB (PSS), the largest ${largest.toFixed(1)} MiB`);
		assert.ok(busy.count >= all.length * 2 - 2, `${busy.count} processes`);
		assert.ok(idle.total <= MEMORY_LIMIT_MIB, `${idle.total} MiB`);
		assert.ok(busy.total <= MEMORY_LIMIT_MIB * 1.25, `${busy.total} MiB under load`);
	});

	test('a supervisor that is killed takes its processes along', async () => {
		const { supervisor, workers } = processesOf(server, 'userinfo');
		assert.ok(workers.length > 0);
		process.kill(supervisor, 'SIGKILL');
		await until('its processes have ended', () => !processesOf(server, 'userinfo').workers.some((pid) => workers.includes(pid)));
	});
});

describe('an end', { skip: missingFor('nginx-fastcgi') }, () => {
	let server;
	let client;
	const SLOW = { argon2_memory_kib: 65536, argon2_iterations: 12 };

	before(async () => {
		server = await startUnder('nginx-fastcgi', { settings: SLOW });
		client = await server.addClient({ ...CLIENT, client_name: 'Web' });
	});
	after(() => server?.stop());

	const resident = (pid) => Number(/^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);

	test('SIGTERM lets the request under way finish, and ends everything else at once', async () => {
		const browser = new Browser();
		const page = await browser.visit(authorization(server, client).url);
		const answer = signIn(browser, page, server.users.alice, { go: () => false });
		await until('a password is being hashed', () => processesOf(server, 'login').workers.some((pid) => resident(pid) > 60 * 1024), 20, 5);
		const [, starter] = server.service.programs;
		starter.child.kill('SIGTERM');
		assert.equal((await answer).status, 303);
		await starter.ended;
		assert.deepEqual(server.service.endpoints(), []);
		assert.equal((await request(server.url('jwks'))).status, 502);
	});

	test('they start again in the same folder, and --stop ends them', async () => {
		const script = new URL('../../scripts/servers/fastcgi-start', import.meta.url).pathname;
		const { folder } = server.service;
		const twice = await run(script, ['--stop', folder]);
		assert.notEqual(twice.code, 0, 'nothing runs');
		const again = server.service.restart();
		await until('an endpoint answers', async () => (await request(server.url('jwks'))).status === 200);
		assert.equal((await run(script, ['--stop', folder])).code, 0);
		await again.ended;
		assert.deepEqual(server.service.endpoints(), []);
	});
});
