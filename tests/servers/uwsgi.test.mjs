// Latchkey under uwsgi, with its file of scripts/servers.
process.env.LATCHKEY_TEST_SERVER = 'uwsgi';
const { testServer } = await import('./suite.mjs');
await testServer('uwsgi', { flows: ['authorize', 'token', 'logout', 'openid_client'] });
