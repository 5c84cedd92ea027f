// Latchkey under civetweb, with its file of scripts/servers.
process.env.LATCHKEY_TEST_SERVER = 'civetweb';
const { testServer } = await import('./suite.mjs');
await testServer('civetweb', { flows: ['authorize', 'token', 'logout', 'openid_client'] });
