// The manual pages say everything that the programs say of themselves.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { before, test } from 'node:test';

import { run } from '../lib/process.mjs';
import { ROOT } from '../lib/server.mjs';

const environment = { ...process.env };
for (const name of ['MAKEFLAGS', 'MAKELEVEL'])
	delete environment[name];
const read = (name) => readFileSync(path.join(ROOT, name), 'utf8');
const pages = () => [...readdirSync(path.join(ROOT, 'man')).filter((name) => /\.[1-8]$/.test(name)).map((name) => `man/${name}`), 'build/man/latchkey.7'];

let http; // latchkey(7)
let described; // what the endpoints say

before(async () => {
	const { code, stdout, stderr } = await run('make', ['--no-print-directory', 'manual'], { cwd: ROOT, env: environment });
	assert.equal(code, 0, stdout + stderr);
	http = read('build/man/latchkey.7');
	const names = ['', 'account/', 'admin/'].flatMap((sub) => {
		try {
			return readdirSync(path.join(ROOT, 'cgi-bin', sub)).filter((name) => name.endsWith('.c')).map((name) => sub + name.slice(0, -2));
		} catch {
			return [];
		}
	});
	described = await Promise.all(names.map(async (name) => (await run(path.join(ROOT, 'build/cgi-bin', name), ['--describe'])).stdout));
});

test('mandoc has nothing to say', async (t) => {
	if ((await run('sh', ['-c', 'command -v mandoc'])).code !== 0) {
		t.skip('mandoc is missing');
		return;
	}
	const { stdout, stderr } = await run('mandoc', ['-Tlint', '-Wwarning', ...pages()], { cwd: ROOT });
	assert.equal(stdout + stderr, '');
});

test('latchkey(7) has every endpoint with its URL, methods, parameters, tables and clauses', () => {
	assert.ok(described.length > 25);
	for (const text of described) {
		const value = (key) => new RegExp(`^${key} (.*)$`, 'm').exec(text)?.[1];
		const name = value('endpoint');
		const section = http.split(/^\.S[sh] /m).find((part) => part.startsWith(`${name}\n`));
		assert.ok(section, name);
		const words = section.replace(/\s+/g, ' ');
		assert.ok(words.includes(`Pa /cgi-bin/${name} `), name);
		for (const method of value('methods').split(' '))
			assert.match(/\.It Methods (.*?) \.It/.exec(words)[1], new RegExp(`\\b${method}\\b`), name);
		for (const [, parameter, longest] of text.matchAll(/^parameter (\S+) (\d+)/gm))
			assert.ok(section.includes(`.Cm ${parameter}\n(${longest}`), `${name}: ${parameter}`);
		for (const table of `${value('reads')} ${value('writes')}`.split(' ').filter((word) => word !== '-'))
			assert.match(/\.It Privileges (.*?) \.It/.exec(words)[1], new RegExp(`\\b${table}\\b`), `${name}: ${table}`);
		assert.ok(words.includes(value('specification')), `${name}: ${value('specification')}`);
	}
});

test('latchkey(7) explains every parameter, and none that is gone', () => {
	const explained = [...http.split(/^\.Sh PARAMETERS$/m)[1].split(/^\.Sh /m)[0].matchAll(/^\.It Cm (.*)$/gm)].flatMap(([, names]) => names.split(' , '));
	const taken = [...new Set(described.flatMap((text) => [...text.matchAll(/^parameter (\S+)/gm)].map(([, name]) => name)))];
	assert.deepEqual([...explained].sort(), taken.sort());
});

test('latchkey(7) has every error of the catalogue', () => {
	const catalogue = [...read('lib/protocol/errors.h').matchAll(/^\tE\([A-Z_]+, (?:NULL|"([a-z_]+)"), (\d+), "[a-z_]+", "(.*)"\)/gm)];
	assert.ok(catalogue.length > 30);
	const said = http.split(/^\.Sh ERROR ANSWERS$/m)[1].replace(/\s+/g, ' ');
	for (const [, code, status, description] of catalogue) {
		assert.ok(said.includes(`${status}: ${description}`), description);
		if (code)
			assert.ok(said.includes(`.It Cm ${code} `), code);
	}
});

test('every command and every key of the configuration is in its manual', async () => {
	const manual = read('man/latchkey.1');
	const { stdout } = await run(path.join(ROOT, 'build/bin/latchkey'), ['help']);
	const commands = [...stdout.matchAll(/^  ([a-z]+)( [a-z-]+)?(?: [A-Z[]|  )/gm)];
	assert.ok(commands.length > 25);
	const [synopsis] = manual.split(/^\.Sh DESCRIPTION/m);
	const missing = commands.flatMap(([, group, act = '']) => [
		// "client show | remove | rotate-secret" in the synopsis, a paragraph of its own below it.
		...(new RegExp(`^\\.Cm ${group}\\b${act && `.*${act}\\b`}`, 'm').test(synopsis) ? [] : [`synopsis: ${group}${act}`]),
		...(new RegExp(`^\\.It Cm ${group}${act}\\b`, 'm').test(manual) ? [] : [group + act]),
	]);
	assert.deepEqual(missing, []);
	const keys = [...read('lib/base/config.c').matchAll(/^\tKEY\(([a-z0-9_]+),/gm)].map(([, key]) => key);
	assert.ok(keys.length > 40);
	const explained = [...read('man/latchkey.conf.5').matchAll(/^\.It Cm ([a-z0-9_]+) No = /gm)].map(([, key]) => key);
	assert.deepEqual(explained.sort(), keys.sort());
});
