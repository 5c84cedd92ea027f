// Fills an installation with users, clients, consents and refresh tokens, by SQL, out of the rows that are there.
import { spawnSync } from 'node:child_process';
import path from 'node:path';

import { sql } from '../lib/tokens.mjs';

const ALPHABET = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz';

export const sizesOf = (size) => ({ users: Math.max(100, Math.round(1e6 * size)), clients: Math.max(10, Math.round(1e4 * size)), grants: Math.max(500, Math.round(5e6 * size)) });

/** An id that sorts by `n` of `most`, spread over all that ids begin with: real ones, which are random, lie between them. */
const id = (n, most, kind) => `substr('${ALPHABET}', ${n} * 64 / ${most} + 1, 1) || printf('${kind}%010d', ${n})`;
const client = (n, most) => `printf('client-%06d', (${n}) % ${most})`;

/** INSERT … SELECT of a template row, `count` times, with `changed` columns in place of its own; n counts from 0. */
async function multiply(server, table, count, changed, condition = '1') {
	const columns = (await sql(server, `SELECT name FROM pragma_table_info('${table}')`)).map(([name]) => name);
	const values = columns.map((name) => changed[name] ?? `t.${name}`);
	return `CREATE TEMP TABLE template AS SELECT * FROM ${table} WHERE ${condition} LIMIT 1;
WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ${count})
INSERT INTO ${table} (${columns.join(', ')}) SELECT ${values.join(', ')} FROM numbers, temp.template t;
DROP TABLE template;\n`;
}

/** Gives what is there then, and what it took. The server must not be at work. */
export async function fill(server, size) {
	const { users, clients, grants } = sizesOf(size);
	const each = grants / users;
	const userOf = `(n / ${each} | 0)`;
	const clientOf = client(`(n % ${each}) * ${Math.max(1, Math.floor(clients / each))} + n / ${each}`, clients);
	const now = Math.floor(Date.now() / 1000);
	const user = id('n', users, 'u');
	const indexes = (await sql(server, "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")).map(([name, text]) => ({ name, text }));
	const script = [
		'.bail on\nPRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -2000000; PRAGMA foreign_keys = OFF;\nBEGIN;\n',
		// Indexes are built at the end, from sorted rows.
		...indexes.map(({ name }) => `DROP INDEX ${name};\n`),
		await multiply(server, 'clients', clients, { client_id: client('n', clients), client_name: "'Application ' || n" }, "client_name = 'Measured'"),
		await multiply(server, 'users', users, { user_id: user, username: "printf('somebody%010d', n)" }),
		await multiply(server, 'user_claims', users, { user_id: user, name: "'name'", value: "printf('\"Somebody %d\"', n)" }),
		await multiply(server, 'user_claims', users, { user_id: user, name: "'email'", value: "printf('\"somebody%d@example.org\"', n)" }),
		await multiply(server, 'consents', grants, { user_id: id(userOf, users, 'u'), client_id: clientOf }),
		await multiply(server, 'grants', grants, { grant_id: id('n', grants, 'g'), user_id: id(userOf, users, 'u'), client_id: clientOf, code_hash: 'randomblob(32)',
			refresh_hash: 'randomblob(32)', expires_at: `${now} + 1000000 + n % 30000000` }, 'refresh_hash IS NOT NULL'),
		await multiply(server, 'access_tokens', users, { token_hash: 'randomblob(32)', user_id: user, grant_id: id(`(n * ${each} | 0)`, grants, 'g') }, 'grant_id IS NOT NULL'),
		await multiply(server, 'sessions', Math.round(users / 10), { session_hash: 'randomblob(32)', sid: "hex(randomblob(16))", user_id: id('n * 10', users, 'u') }),
		...indexes.map(({ text }) => `${text};\n`),
		'COMMIT;\nPRAGMA journal_mode = WAL;\n',
	].join('');
	const begin = Date.now();
	const { status, stderr } = spawnSync('sqlite3', [path.join(server.directory, 'database/latchkey.db')], { input: script, encoding: 'utf8' });
	if (status !== 0 || stderr)
		throw new Error(`sqlite3: ${stderr}`);
	const tables = ['users', 'clients', 'consents', 'grants', 'access_tokens', 'sessions'];
	const counts = Object.fromEntries((await sql(server, tables.map((table) => `SELECT '${table}', count(*) FROM ${table};`).join(' '))).map(([table, count]) => [table, Number(count)]));
	return { counts, minutes: (Date.now() - begin) / 60000 };
}
