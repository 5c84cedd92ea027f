// Everything that a web server must do: what is asked of it by itself, and flow tests as they are, under this server.
import { missingFor } from '../lib/web_servers.mjs';
import { test } from 'node:test';

/** About 15 s a server: forms and redirects, JSON, headers, waiting, an unmodified client. */
const FLOWS = ['authorize', 'token', 'logout', 'account_second_factor', 'openid_client'];

/** To be called with LATCHKEY_TEST_SERVER set to the same name before anything of tests/lib was imported. */
export async function testServer(name, { flows = FLOWS } = {}) {
	const missing = missingFor(name);
	if (missing) {
		test(name, { skip: missing }, () => {});
		return;
	}
	const { httpTests } = await import('./http.mjs');
	httpTests(name);
	for (const flow of flows)
		await import(`../flow/${flow}.test.mjs`);
}
