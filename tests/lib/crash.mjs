// Endpoints under load, killed at random moments: what was answered must hold afterwards, whatever was killed.
import assert from 'node:assert/strict';
import path from 'node:path';

import { Browser, finish, reply } from './browser.mjs';
import { authorization, redemption } from './client.mjs';
import { basic } from './http.mjs';
import { run } from './process.mjs';
import { Killed, Runners, PHASES } from './runners.mjs';
import { ALICE, install } from './server.mjs';

const AT_ONCE = 16;
const KILL_SHARE = 0.6;
const INSIDE_US = 6000;
const AFTER_US = 150;

const CLIENT = {
	client_name: 'App', redirect_uris: ['https://client.example/callback'], grant_types: ['authorization_code', 'refresh_token'],
	consent: 'none', refresh_grace_seconds: 60,
};

const pick = (list) => list[Math.floor(Math.random() * list.length)];
const chance = (share) => Math.random() < share;
const hasSession = (browser) => [...browser.cookies.of('localhost').keys()].some((name) => /^latchkey-session-/.test(name));

export class Crash {
	/** What has been answered so far. A `tried` thing is one that a killed request may or may not have changed. */
	sessions = [];
	codes = []; // { exchange, state: fresh | tried | redeemed | dead, busy }
	families = []; // { token, access: [{ text, state: active | tried | revoked }], state: active | tried | revoked | doubtful, busy }
	kills = 0;
	counts = new Map(); // endpoint → { phase: count }
	answered = 0;
	durations = {};
	facts = { repeats: 0, 'repeats with the same successor': 0, 'killed revocations that had happened': 0, 'killed redemptions that had happened': 0 };

	static async create(options) {
		const crash = new Crash();
		crash.server = await install({ settings: { log_level: 'warning', code_seconds: 600, access_token_seconds: 3600 }, clients: [CLIENT], users: [ALICE] });
		crash.client = crash.server.clients.App;
		crash.headers = { Authorization: basic(crash.client.client_id, crash.client.client_secret) };
		crash.runners = new Runners(crash.server, AT_ONCE, options);
		return crash;
	}

	async stop() {
		await this.runners.stop();
		await this.server.stop();
	}

	/** Most of a program's time goes to the queue of writers: many moments are counted from its end, or from the commit. */
	moment(usual) {
		if (chance(0.4))
			return { killAfter: Math.random() * 1.3 * usual };
		if (chance(0.4))
			return { killAfter: Math.random() ** 2 * INSIDE_US, killFrom: 'lock' };
		return { killAfter: Math.random() ** 2 * AFTER_US, killFrom: 'release' };
	}

	/** Sends a request; while the load is on, many of their programs are killed. Throws Killed without an answer. */
	send = async (url, options = {}) => {
		const name = new URL(url).pathname.replace(/^.*\//, '');
		const usual = this.durations[name] ?? 4000;
		const { answer, phase, microseconds } = await this.runners.run(url, { ...options, ...this.load && chance(KILL_SHARE) ? this.moment(usual) : {} });
		if (phase === 'ended') {
			this.durations[name] = usual + (microseconds - usual) / 20;
		} else {
			this.kills++;
			const counts = this.counts.get(name) ?? this.counts.set(name, {}).get(name);
			const what = phase === 'after' && answer ? 'answered' : phase;
			counts[what] = (counts[what] ?? 0) + 1;
		}
		if (!answer)
			throw new Killed(`${name} ${phase}`);
		assert.ok(answer.status < 500, `${name} answered ${answer.status}: ${answer.text}`);
		this.answered++;
		return answer;
	};

	post = (name, form) => this.send(this.server.url(name), { form, headers: this.headers });

	/** Takes one of a list that nobody else works with. */
	async using(list, test, work) {
		const free = list.filter((one) => !one.busy && test(one));
		if (free.length === 0)
			return;
		const one = pick(free.slice(-400));
		one.busy = true;
		try {
			await work(one);
		} finally {
			one.busy = false;
		}
	}

	async active(text) {
		return (await this.post('introspect', { token: text })).json().active;
	}

	// ---- what the workers do

	async signIn() {
		const browser = new Browser({ transport: this.send });
		const started = authorization(this.server, this.client);
		try {
			const outcome = await finish(browser, await browser.visit(started.url), this.server.issuer, { user: ALICE });
			this.keepCode({ ...started, ...outcome });
		} finally {
			if (hasSession(browser))
				this.sessions.push(browser);
		}
	}

	keepCode(outcome) {
		assert.ok(outcome.params.get('code'), `a session that was answered is good for a code: ${outcome.url}`);
		this.codes.push({ exchange: redemption(this.server, outcome).form, state: 'fresh' });
	}

	async authorize(browser = pick(this.sessions)) {
		if (!browser)
			return;
		const started = authorization(this.server, this.client, { prompt: 'none' });
		const outcome = reply(await browser.visit(started.url), this.server.issuer);
		this.keepCode({ ...started, ...outcome });
	}

	redeem(test = (code) => code.state === 'fresh' || code.state === 'tried') {
		return this.using(this.codes, test, async (code) => {
			const before = code.state;
			code.state = 'tried';
			const answers = await this.severally(before === 'fresh' && chance(0.2) ? 2 : 1, () => this.post('token', code.exchange));
			const good = answers.filter((answer) => answer?.status === 200);
			assert.ok(good.length <= 1, 'no code gives tokens twice');
			if (good.length === 1) {
				const tokens = good[0].json();
				code.state = 'redeemed';
				// The other one of two at once may have come so late that it was a replay, which revokes.
				const family = { token: tokens.refresh_token, access: [{ text: tokens.access_token, state: 'active' }],
					state: answers.length === 1 ? 'active' : 'doubtful' };
				code.family = family;
				this.families.push(family);
			} else if (answers.some(Boolean)) {
				assert.notEqual(before === 'fresh' && answers.length === 1, true, 'a code that was answered is good for tokens');
				assert.equal(answers.find(Boolean).json().error, 'invalid_grant');
				if (answers.length === 1)
					this.facts['killed redemptions that had happened']++;
				code.state = 'dead';
			}
		});
	}

	/** Several at once; null for each that was killed. */
	async severally(count, work) {
		const all = await Promise.allSettled(Array.from({ length: count }, work));
		return all.map((one) => {
			if (one.status === 'fulfilled')
				return one.value;
			if (!(one.reason instanceof Killed))
				throw one.reason;
			return null;
		});
	}

	/** A code that gave tokens is sent again: the tokens end. */
	replay() {
		return this.using(this.codes, (code) => code.state === 'redeemed' && !code.family.busy, async (code) => {
			const { family } = code;
			family.busy = true;
			try {
				family.state = family.state === 'revoked' ? 'revoked' : 'tried';
				assert.equal((await this.post('token', code.exchange)).status, 400, 'no code gives tokens twice');
				code.state = 'dead';
				await this.revoked(family);
			} finally {
				family.busy = false;
			}
		});
	}

	async revoked(family) {
		family.state = 'revoked';
		assert.equal(await this.active(pick(family.access).text), false, 'no token is good that was answered as revoked');
	}

	refresh() {
		return this.using(this.families, (family) => family.state === 'active', async (family) => {
			const old = family.token;
			let answers;
			let killed = 0;
			// A client whose answer got lost repeats itself.
			do {
				answers = await this.severally(chance(0.15) ? 2 : 1, () => this.post('token', { grant_type: 'refresh_token', refresh_token: old }));
				killed += answers.filter((answer) => !answer).length;
			} while (!answers.some(Boolean));
			const lost = killed > 0;
			if (lost && chance(0.3))
				answers.push(...await this.severally(1, () => this.post('token', { grant_type: 'refresh_token', refresh_token: old })));
			const answered = answers.filter(Boolean);
			for (const answer of answered) {
				assert.equal(answer.status, 200, `the last refresh token that was answered is good: ${answer.text}`);
				const tokens = answer.json();
				assert.equal(tokens.refresh_token, answered[0].json().refresh_token, 'the successor is the same');
				assert.notEqual(tokens.refresh_token, old);
				family.token = tokens.refresh_token;
				family.access.push({ text: tokens.access_token, state: 'active' });
			}
			this.facts.repeats += lost ? 1 : 0;
			this.facts['repeats with the same successor'] += answered.length - 1;
		});
	}

	revokeAccess() {
		return this.using(this.families, (family) => family.state === 'active' && family.access.some((one) => one.state !== 'revoked'), async (family) => {
			const token = pick(family.access.filter((one) => one.state !== 'revoked'));
			token.state = 'tried';
			assert.equal((await this.post('revoke', { token: token.text })).status, 200);
			token.state = 'revoked';
			assert.equal(await this.active(token.text), false, 'no token is good that was answered as revoked');
		});
	}

	revokeFamily() {
		return this.using(this.families, (family) => family.state === 'active' || family.state === 'tried', async (family) => {
			family.state = 'tried';
			assert.equal((await this.post('revoke', { token: family.token })).status, 200);
			await this.revoked(family);
		});
	}

	introspect() {
		return this.using(this.families, () => true, async (family) => this.checkAccess(family, pick(family.access)));
	}

	async checkAccess(family, token) {
		const active = await this.active(token.text);
		if (family.state === 'revoked' || token.state === 'revoked')
			assert.equal(active, false, 'no token is good that was answered as revoked');
		else if (family.state === 'active' && token.state === 'active')
			assert.equal(active, true, 'an access token that was answered is good');
		else if (!active)
			this.facts['killed revocations that had happened']++;
		return active;
	}

	async work(kills) {
		const works = [this.signIn, this.signIn, this.authorize, this.authorize, this.authorize, this.redeem, this.redeem, this.redeem, this.redeem,
			this.refresh, this.refresh, this.refresh, this.refresh, this.revokeAccess, this.revokeFamily, this.replay, this.introspect, this.introspect];
		while (this.kills < kills && !this.broken) {
			try {
				await pick(works).call(this);
			} catch (error) {
				if (!(error instanceof Killed))
					throw error;
			}
		}
	}

	/** Sixteen workers until so many were killed, then the check. */
	async round(kills) {
		this.load = true;
		const workers = Array.from({ length: AT_ONCE }, () => this.work(kills).catch((error) => {
			this.broken ??= error;
		}));
		await Promise.all(workers);
		this.load = false;
		if (this.broken)
			throw this.broken;
		await this.check();
	}

	// ---- what must hold when nothing is killed any more

	async check() {
		assert.deepEqual(await this.sql('PRAGMA integrity_check'), ['ok']);
		assert.deepEqual(await this.sql('PRAGMA foreign_key_check'), []);
		await this.checkRows();
		await Promise.all(this.families.map((family) => this.checkFamily(family)));
		for (const session of this.sessions)
			await this.authorize(session);
		while (this.codes.some((code) => code.state === 'fresh' || code.state === 'tried'))
			await Promise.all(Array.from({ length: AT_ONCE }, () => this.redeem()));
		this.sessions = this.sessions.slice(-20);
		this.families = this.families.slice(-200);
		this.codes = this.codes.slice(-200);
	}

	async checkFamily(family) {
		const states = [];
		for (const token of family.access)
			states.push(await this.checkAccess(family, token));
		const answer = await this.post('token', { grant_type: 'refresh_token', refresh_token: family.token });
		if (family.state === 'active')
			assert.equal(answer.status, 200, `the last refresh token that was answered is good: ${answer.text}`);
		if (family.state === 'revoked')
			assert.equal(answer.status, 400, 'no refresh token is good that was answered as revoked');
		if (answer.status === 200) {
			const tokens = answer.json();
			family.state = 'active';
			family.token = tokens.refresh_token;
			family.access.push({ text: tokens.access_token, state: 'active' });
			return;
		}
		family.state = 'revoked';
		assert.ok(!states.includes(true), 'access tokens end with their family');
	}

	/** A transaction is there as a whole or not at all: what it issued beside what it told the audit log. */
	async checkRows() {
		const issued = "SELECT count(*) FROM audit a WHERE a.grant_id = g.grant_id AND a.event";
		const wrong = await this.sql(`SELECT g.grant_id FROM grants g WHERE
			(${issued} = 'code.issued') <> 1
			OR (${issued} = 'tokens.issued') <> (g.code_used_at_ms IS NOT NULL)
			OR (${issued} IN ('tokens.issued', 'tokens.refreshed')) <> (SELECT count(*) FROM access_tokens t WHERE t.grant_id = g.grant_id)
			OR (${issued} IN ('tokens.revoked', 'code.replayed', 'refresh.reused') AND a.detail IS NOT 'access_token') <> (g.revoked_at IS NOT NULL)`);
		assert.deepEqual(wrong, []);
		assert.deepEqual(await this.sql("SELECT count(*) FROM audit WHERE event = 'refresh.reused'"), ['0'], 'nobody was taken for a thief');
	}

	async sql(statement) {
		const { code, stdout, stderr } = await run('sqlite3', ['-bail', path.join(this.server.directory, 'database/latchkey.db'), statement]);
		assert.equal(code, 0, stderr);
		return stdout.split('\n').filter(Boolean);
	}

	/** Kills by phase, all endpoints together; introspection writes nothing. */
	get phases() {
		const sum = Object.fromEntries([...PHASES.slice(1), 'answered', 'reading'].map((phase) => [phase, 0]));
		for (const [name, counts] of this.counts) {
			for (const [phase, count] of Object.entries(counts))
				sum[name === 'introspect' ? 'reading' : phase] += count;
		}
		return sum;
	}
}

const words = (counts) => Object.entries(counts).map(([name, count]) => `${name} ${count}`).join(', ');

/** The whole test: so many kills in so many rounds, a check after each. */
export async function crashTest(t, kills, rounds) {
	const crash = await Crash.create();
	const started = Date.now();
	try {
		for (let done = 1; done <= rounds; done++)
			await crash.round(kills * done / rounds);
		const { before, waiting, inside, after, answered, reading } = crash.phases;
		t.diagnostic(`kills: ${crash.kills} in ${((Date.now() - started) / 1000).toFixed(1)} s, beside ${crash.answered} answers: before the transaction ${before + waiting}`
			+ ` (${waiting} of them in the queue of writers), inside ${inside}, after it ${after + answered} (${answered} of them with the answer sent); ${reading} readers`);
		for (const [name, counts] of [...crash.counts].sort())
			t.diagnostic(`kills of ${name}: ${words(counts)}`);
		t.diagnostic(`then: ${words(crash.facts)}`);
		for (const [phase, count] of Object.entries({ before: before + waiting, inside, after: after + answered }))
			assert.ok(count >= kills / 100, `enough kills ${phase} the transaction: ${count}`);
		assert.ok(crash.kills >= kills);
	} finally {
		await crash.stop();
	}
}
