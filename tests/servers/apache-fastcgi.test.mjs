// Latchkey under apache-fastcgi, with its file of scripts/servers.
process.env.LATCHKEY_TEST_SERVER = 'apache-fastcgi';
const { testServer } = await import('./suite.mjs');
await testServer('apache-fastcgi');
