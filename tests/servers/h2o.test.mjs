// Latchkey under h2o, with its file of scripts/servers.
process.env.LATCHKEY_TEST_SERVER = 'h2o';
const { testServer } = await import('./suite.mjs');
await testServer('h2o', { flows: ['authorize', 'token', 'logout', 'openid_client'] });
