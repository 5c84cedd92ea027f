// The house's floors, read from the sources: who includes whom, where SQL stands, who takes memory, what the pages say.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { run } from '../lib/process.mjs';
import { ROOT } from '../lib/server.mjs';

const read = (file) => readFileSync(path.join(ROOT, file), 'utf8');

function files(folder, ending) {
	return readdirSync(path.join(ROOT, folder), { withFileTypes: true, recursive: true })
		.filter((entry) => entry.isFile() && ending.test(entry.name))
		.map((entry) => path.relative(ROOT, path.join(entry.path ?? entry.parentPath, entry.name)))
		.sort();
}

const SOURCES = ['lib', 'cgi-bin', 'commands'].flatMap((folder) => files(folder, /\.[ch]$/));
const PAGES = files('cgi-bin/pages', /\.html$/);

/** Without comments; strings stay. */
const withoutComments = (text) => text.replace(/"(?:\\.|[^"\\])*"|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, (found) => (found[0] === '"' ? found : ' '));
const strings = (text) => [...withoutComments(text).matchAll(/"((?:\\.|[^"\\])*)"/g)].map((found) => found[1]);
/** Code alone: neither comments nor strings. */
const code = (text) => withoutComments(text).replace(/"(?:\\.|[^"\\])*"/g, '""');

const FLOORS = { base: 0, http: 1, crypto: 1, process: 1, database: 2, records: 3, protocol: 4, identity: 5, endpoint: 6, 'cgi-bin': 7, commands: 7 };
const floorOf = (file) => file.startsWith('lib/') ? file.split('/')[1] : file.split('/')[0];

// Names of cookies end in a digest: http may use these two of crypto. A command that leaves a mail in the outbox wakes deliver as endpoints do.
const ALLOWED = new Set(['http > lib/crypto/digest.h', 'http > lib/crypto/base64.h', 'commands > lib/process/process.h']);

test('each floor includes only what lies below it', () => {
	const wrong = [];
	for (const file of SOURCES) {
		const own = floorOf(file);
		for (const [, included] of read(file).matchAll(/^\s*#\s*include\s+"([^"]+)"/gm)) {
			const other = floorOf(included);
			assert.ok(included.includes('/'), `${file} includes "${included}" by its whole path`);
			if (own === other || ALLOWED.has(`${own} > ${included}`))
				continue;
			const below = FLOORS[other] < FLOORS[own] && (own !== 'process' || other === 'base') && (other !== 'process' || own === 'endpoint');
			if (!below)
				wrong.push(`${file} includes ${included}`);
		}
	}
	assert.deepEqual(wrong, []);
});

test('endpoints never include one another', () => {
	const wrong = [];
	for (const file of SOURCES.filter((one) => one.startsWith('cgi-bin/'))) {
		for (const [, included] of read(file).matchAll(/^\s*#\s*include\s+"(cgi-bin\/[^"]+)"/gm)) {
			const isShared = /^cgi-bin\/(pages|grants)\//.test(included);
			if (!isShared || !included.endsWith('.h') || (included.startsWith('cgi-bin/grants/') && !/^cgi-bin\/(token\.c$|grants\/)/.test(file)))
				wrong.push(`${file} includes ${included}`);
		}
	}
	assert.deepEqual(wrong, []);
});

test('nobody includes a .c file', () => {
	assert.deepEqual(SOURCES.filter((file) => /#\s*include\s+"[^"]+\.c"/.test(read(file))), []);
});

test('SQL stands in lib/records and lib/database alone, SQLite in lib/database alone', () => {
	const sql = /^\s*(SELECT\s|INSERT\s+(INTO|OR)\b|UPDATE\s+\w+\s+SET\b|DELETE\s+FROM\b|CREATE\s+(TABLE|INDEX)\b|PRAGMA\s|BEGIN\b|COMMIT\b|ROLLBACK\b|WITH\s+\w+\s+AS\b)/;
	const wrong = [];
	for (const file of SOURCES) {
		const floor = floorOf(file);
		if (floor !== 'records' && floor !== 'database' && strings(read(file)).some((one) => sql.test(one)))
			wrong.push(`${file} has SQL`);
		if (floor !== 'database' && /sqlite3/.test(withoutComments(read(file))))
			wrong.push(`${file} knows SQLite`);
	}
	assert.deepEqual(wrong, []);
});

test('memory comes from the arena', () => {
	const wrong = [];
	for (const file of SOURCES) {
		if (file === 'lib/base/arena.c' || file === 'lib/base/json.c' || file.startsWith('lib/crypto/'))
			continue; // cJSON, OpenSSL and libsodium have memory of their own
		const found = /\b(malloc|calloc|realloc|reallocarray|free|strdup|strndup|v?asprintf|getline|open_memstream)\s*\(/.exec(code(read(file)));
		if (found)
			wrong.push(`${file}: ${found[1]}`);
	}
	assert.deepEqual(wrong, []);
});

test('no function that cannot be used safely', () => {
	const wrong = [];
	for (const file of SOURCES) {
		const found = /\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|alloca|system|popen|rand|srand|tmpnam|mktemp)\s*\(/.exec(code(read(file)));
		if (found)
			wrong.push(`${file}: ${found[1]}`);
	}
	assert.deepEqual(wrong, []);
});

test('programs that answer requests neither fork, execute nor open sockets, and leave by the request loop', () => {
	const wrong = [];
	// The supervisor of FastCGI processes forks, before any of them has read a request.
	const supervisor = 'lib/process/supervisor.c';
	for (const file of SOURCES.filter((one) => !one.startsWith('commands/') && one !== supervisor)) {
		const found = /\b(v?fork|exec[lv]p?e?|posix_spawnp?|socket|connect|getaddrinfo)\s*\(/.exec(code(read(file)));
		if (found)
			wrong.push(`${file}: ${found[1]}`);
		if (file.startsWith('cgi-bin/') && /\b(exit|_exit|abort|printf|puts|fwrite|getenv)\s*\(/.test(code(read(file))))
			wrong.push(`${file} leaves, prints or reads the environment by itself`);
	}
	assert.deepEqual(wrong, []);
});

test('PRIVILEGES.md is what the programs say', async () => {
	const { code: status, stdout, stderr } = await run(path.join(ROOT, 'scripts/privileges'), [], { cwd: ROOT });
	assert.equal(status, 0, stderr);
	assert.equal(read('PRIVILEGES.md'), stdout, 'run: make privileges');
});

// What the pages ask values by: {{login_url}} is no message.
const pageValues = new Set(PAGES.flatMap((page) => [...read(page).matchAll(/\{\{[#^/]?([a-z_]+)\}\}/g)].map((found) => found[1])));

const table = [...read('lib/http/messages.c').matchAll(/^\t\{\s*"([a-z0-9_]+)"\s*,/gm)].map((found) => found[1]);

test('messages are sorted by key, each once', () => {
	assert.ok(table.length > 20);
	assert.deepEqual(table, [...new Set(table)].sort());
});

test('every message key used exists', () => {
	const wrong = [];
	for (const page of PAGES) {
		for (const [, key] of read(page).matchAll(/\{\{t:([^}]+)\}\}/g)) {
			if (!table.includes(key))
				wrong.push(`${page}: ${key}`);
		}
	}
	for (const file of SOURCES.filter((one) => one.endsWith('.c') && one !== 'lib/http/messages.c')) {
		for (const [, key] of withoutComments(read(file)).matchAll(/\bmessage(?:_find)?\(\s*"([^"%]+)"\s*\)/g)) {
			if (!table.includes(key))
				wrong.push(`${file}: ${key}`);
		}
		for (const key of strings(read(file)).filter((one) => /^(title|login|signup|logout|password|username|email|name|consent|select_account|signed_out)_[a-z_]+$/.test(one))) {
			const known = table.includes(key) || /^(login_hint|login_required|login_limit_\w+|signup_limit_\w+|password_min_length|password_changed_at|email_verified|logo_uri|client_name|name_\w*hash|consent_required)$/.test(key);
			if (!known && !pageValues.has(key))
				wrong.push(`${file}: ${key}`);
		}
	}
	for (const [, word] of read('lib/protocol/errors.h').matchAll(/\bE\([A-Z_]+,\s*(?:NULL|"[^"]*"),\s*\d+,\s*"([a-z_]+)"/g)) {
		if (!table.includes(`error_explain_${word}`))
			wrong.push(`errors.h: error_explain_${word}`);
	}
	assert.deepEqual(wrong, []);
});

test('every message is used', () => {
	const texts = [...PAGES.map(read), ...SOURCES.filter((file) => file !== 'lib/http/messages.c').map(read)].join('\n');
	const unused = table.filter((key) => !/^(scope|claim|error_(heading|explain))_/.test(key) && !new RegExp(`\\b${key}\\b`).test(texts));
	assert.deepEqual(unused, []);
});

test('pages have no inline script, style or handler', () => {
	for (const page of PAGES) {
		const text = read(page);
		assert.doesNotMatch(text, /<script(?![^>]*\ssrc=)/, page);
		assert.doesNotMatch(text, /\sstyle=|<style|\son[a-z]+=|javascript:/i, page);
	}
});

test('every table of the schema has a comment', () => {
	const lines = read('schema.sql').split('\n');
	assert.deepEqual(lines.filter((line, index) => /^CREATE TABLE/.test(line) && !/^--/.test(lines[index - 1])), []);
});

test('the lock file names no registry', () => {
	assert.doesNotMatch(read('package-lock.json'), /"resolved"/);
});
