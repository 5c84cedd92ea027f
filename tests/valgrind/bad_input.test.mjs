// Every endpoint under valgrind with input that is wrong in many ways at once.
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { call, endpoints } from '../lib/endpoint.mjs';
import { install } from '../lib/server.mjs';
import { PROGRAMS } from './programs.mjs';

let server;

before(async () => {
	server = await install({ signup: true, settings: { log_file: '' } });
});

after(() => server.stop());

async function clean(name, request, expected) {
	const answer = await call(server, name, { ...request, ...PROGRAMS, variables: { PATH: process.env.PATH, ...request.variables } });
	const said = `${name}: ${answer.code} ${answer.stdout.slice(0, 500)}${answer.stderr}`;
	assert.equal(answer.code, 0, said);
	assert.doesNotMatch(answer.stderr, /^==\d+==/m, said);
	if (expected)
		assert.equal(answer.status, expected, said);
	else
		assert.ok(answer.status < 500, said);
}

const spoil = (parameters, value) => parameters.map((one) => `${one.name}=${value(one)}`).join('&');

for (const { name, methods, parameters } of endpoints()) {
	describe(name, () => {
		const posts = methods.includes('POST');
		const method = methods[0];

		test('parameters', async () => {
			const strange = `${spoil(parameters, () => '%ff%00%zz%')}&${spoil(parameters, () => '%E2%82')}&=&&&a&%=%`;
			const large = spoil(parameters, (one) => 'A'.repeat(one.longest + (one.longest < 1000 ? 0 : 1)));
			for (const text of [strange, large])
				await clean(name, posts ? { method: 'POST', body: text.slice(0, 65536) } : { query: text.slice(0, 16384) });
			await clean(name, { method, query: `${spoil(parameters, (one) => '1'.repeat(Math.min(one.longest, 40)))}`.slice(0, 16384) });
		});

		test('the request', async () => {
			await clean(name, { method: 'PUT', body: 'x' }, 405);
			await clean(name, {
				method, query: '\u00ff%00&=&', variables: { REMOTE_ADDR: 'x', CONTENT_LENGTH: '' },
				headers: { Cookie: `;=;a="b;${'c'.repeat(5000)}`, Authorization: 'Basic //8=', Origin: '\u0001', 'User-Agent': 'é\u0007'.repeat(200), 'X-Forwarded-For': ',,' },
			});
			if (posts) {
				await clean(name, { method: 'POST', body: 'x'.repeat(65537) }, 413);
				await clean(name, { method: 'POST', body: 'abc', variables: { CONTENT_LENGTH: '5' } }, 400);
			}
		});

		test('no configuration', () => clean(name, { method, variables: { LATCHKEY_CONFIG: '/nowhere' } }, 500));
	});
}

// The last one: it breaks the installation.
describe('without a database', () => {
	before(() => rm(path.join(server.directory, 'database/latchkey.db')));

	for (const { name, methods, reads, writes } of endpoints())
		test(name, () => clean(name, { method: methods[0], ...(methods[0] === 'POST' ? { body: 'a=b' } : {}) }, reads === '-' && writes === '-' ? 200 : 500));
});
