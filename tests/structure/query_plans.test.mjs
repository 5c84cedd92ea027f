// How SQLite finds the rows of every statement in lib/records: none may read a whole table, unless it is listed here with its reason.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { ROOT } from '../lib/server.mjs';

// function: [table, why it may]. What an anonymous request or a user can cause is never here for a table that users fill.
const MAY_SCAN = {
	client_list: ['clients', 'the operator lists them all'],
	client_remove: ['access_tokens', 'client remove, by the operator'],
	invitation_remove_expired: ['invitations', 'gc; as many as people were invited in a day'],
	invitation_list: ['invitations', 'the operator lists them all'],
	resource_list: ['resources', 'lists them all; a few that the operator registered'],
	scope_list: ['scopes', 'lists them all; a few that the operator registered'],
	scope_patterns: ['scopes', 'a few that the operator registered'],
	signing_key_find_signing: ['signing_keys', 'a handful of keys'],
	signing_key_find_active: ['signing_keys', 'a handful of keys'],
	signing_key_find_next: ['signing_keys', 'a handful of keys'],
	signing_key_list: ['signing_keys', 'a handful of keys'],
	signing_key_list_expired: ['signing_keys', 'a handful of keys'],
	signing_key_algs: ['signing_keys', 'a handful of keys'],
	signing_key_promote: ['signing_keys', 'a handful of keys'],
	signing_key_withdraw: ['signing_keys', 'a handful of keys'],
	signing_key_tokens_end: ['clients resources', 'only when the operator withdraws a key'],
	session_owner: ['sessions', 'session end, by the operator'],
	outbox_next_due: ['outbox', 'the first row of an index alone, and then no further'],
	outbox_count_before: ['outbox', 'doctor, by the operator; what waits is little'],
};

// Foreign keys that no index leads to: removing the row that they point to reads the whole table.
const MAY_SCAN_CHILDREN = {
	'flows.client_id': 'client remove, by the operator',
	'consents.client_id': 'client remove, by the operator',
	'grants.client_id': 'client remove, by the operator',
	'pushed_requests.client_id': 'client remove, by the operator; they live a minute',
	'scopes.resource': 'resource remove, by the operator; a few rows',
};

const sqlite = (input) => {
	const { status, stdout, stderr } = spawnSync('sqlite3', [':memory:'], { input: `${readFileSync(path.join(ROOT, 'schema.sql'), 'utf8')}\n${input}`, encoding: 'utf8' });
	assert.equal(stderr, '', `sqlite3 said so of a statement:\n${stderr}`);
	assert.equal(status, 0);
	return stdout;
};

/** The literals, joined as the compiler joins them, that begin at `from`; null if something else stands there. */
function joined(text, from) {
	const literals = /\s*((?:"(?:[^"\\]|\\.)*"\s*)+)(?=[,)])/y;
	literals.lastIndex = from;
	const found = literals.exec(text);
	return found && [...found[1].matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, part]) => JSON.parse(`"${part}"`)).join('');
}

/** Every statement of a source after the preprocessor: { name (of the function), sql }. */
function statementsOf(file) {
	const text = execFileSync(process.env.CC ?? 'cc', ['-E', '-P', '-I', ROOT, path.join(ROOT, file)], { encoding: 'utf8', maxBuffer: 1 << 26 });
	const functions = [...text.matchAll(/^(?:[a-z_]\w*[ *]+)+(\w+)\([^;{}]*\)\s*\{/gm)].map((found) => ({ name: found[1], at: found.index }));
	const found = [];
	for (const call of text.matchAll(/\bdatabase_(?:query|change)\(([^,()]+),/g)) {
		if (call[1].startsWith('struct database'))
			continue; // the declaration
		const { name } = functions.findLast(({ at }) => at < call.index) ?? { name: '?' };
		const sql = joined(text, call.index + call[0].length);
		assert.ok(sql, `${file}: ${name}: the statement is not literals alone, so nobody can look at its plan`);
		found.push({ file, name, sql });
	}
	return found;
}

const SOURCES = readdirSync(path.join(ROOT, 'lib/records')).filter((name) => name.endsWith('.c')).map((name) => `lib/records/${name}`);

function plansOf(statements) {
	const output = sqlite(statements.map(({ sql }, number) => `.print @${number}\nEXPLAIN QUERY PLAN ${sql};\n`).join(''));
	const plans = new Map(output.split(/^@/m).slice(1).map((part) => [parseInt(part, 10), part]));
	return statements.map((statement, number) => ({ ...statement, plan: plans.get(number) ?? '' }));
}

/** Tables that a plan reads whole: from one end to the other, for a greatest value that no index tells, or to build an index for the moment. Aliases are told as their tables. */
function scans({ plan, sql }) {
	const aliases = new Map([...sql.matchAll(/(?:FROM|JOIN) (\w+)(?: AS)? ([a-z])\b/g)].map(([, table, alias]) => [alias, table]));
	const whole = [...plan.matchAll(/SCAN (?!CONSTANT ROW)(\w+)|SEARCH (\w+)(?= USING AUTOMATIC| USING PRIMARY KEY\n|\n)/g)].map((found) => found[1] ?? found[2]);
	return [...new Set(whole.map((name) => aliases.get(name) ?? name))];
}

test('every statement of lib/records can be prepared, and only listed ones read a whole table', () => {
	const statements = SOURCES.flatMap(statementsOf);
	const calls = SOURCES.map((file) => readFileSync(path.join(ROOT, file), 'utf8').match(/\bdatabase_(?:query|change)\(/g)?.length ?? 0)
		.reduce((a, b) => a + b, 0);
	assert.ok(statements.length >= calls, `${calls} calls are in the sources, ${statements.length} statements were found`);
	const wrong = [];
	const used = new Set();
	for (const statement of plansOf(statements)) {
		assert.match(statement.plan, /QUERY PLAN|^\d+\n$/, `${statement.name} has a plan, or needs none (INSERT … VALUES)`);
		for (const table of scans(statement)) {
			if (MAY_SCAN[statement.name]?.[0].split(' ').includes(table))
				used.add(statement.name);
			else
				wrong.push(`${statement.file}: ${statement.name} reads all of ${table}: ${statement.sql}\n${statement.plan}`);
		}
	}
	assert.deepEqual(wrong, []);
	assert.deepEqual(Object.keys(MAY_SCAN).filter((name) => !used.has(name)), [], 'exceptions that nobody needs any more');
});

test('the look at plans sees a full scan when there is one', () => {
	for (const sql of ['SELECT 1 FROM grants WHERE sid = ?1', 'SELECT u.username FROM grants g JOIN users u ON u.user_id = g.user_id',
		'DELETE FROM consents WHERE client_id = ?1', 'SELECT (SELECT max(created_at) FROM users)', 'SELECT 1 FROM users WHERE user_id IN (SELECT user_id FROM sessions WHERE sid = ?1)'])
		assert.equal(scans(plansOf([{ sql }])[0]).length, 1, sql);
});

test('what a removed row takes along is found by an index', () => {
	const without = sqlite(`.mode list
SELECT m.name || '.' || f."from" FROM sqlite_schema m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table' AND f.seq = 0
 AND NOT EXISTS (SELECT 1 FROM pragma_index_list(m.name) i, pragma_index_info(i.name) c WHERE c.seqno = 0 AND c.name = f."from" AND i.partial = 0)
 ORDER BY 1;`).split('\n').filter(Boolean);
	assert.deepEqual(without, Object.keys(MAY_SCAN_CHILDREN).sort());
});

test('no statement stands outside lib/records', () => {
	const outside = execFileSync('grep', ['-rlE', '\\bdatabase_(query|change)\\(', path.join(ROOT, 'lib'), path.join(ROOT, 'cgi-bin'), path.join(ROOT, 'commands'),
		'--include=*.c'], { encoding: 'utf8' }).split('\n').filter(Boolean).map((file) => path.relative(ROOT, file))
		.filter((file) => !file.startsWith('lib/records/') && file !== 'lib/database/statement.c');
	assert.deepEqual(outside, []);
});
