// Latchkey under nginx-fcgiwrap, with its file of scripts/servers.
process.env.LATCHKEY_TEST_SERVER = 'nginx-fcgiwrap';
const { testServer } = await import('./suite.mjs');
await testServer('nginx-fcgiwrap');
