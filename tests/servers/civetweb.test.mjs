// Latchkey under civetweb, with its file of scripts/servers.
process.env.LATCHKEY_TEST_SERVER = 'civetweb';
const { testServer } = await import('./suite.mjs');
// Not openid_client: CivetWeb ends the connection after a program's answer without announcing it (docs/servers.md), and the
// pool of connections of Node's fetch takes one that is about to end now and then.
await testServer('civetweb', { flows: ['authorize', 'token', 'logout'] });
