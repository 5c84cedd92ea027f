// Latchkey under apache-cgi, with its file of scripts/servers.
process.env.LATCHKEY_TEST_SERVER = 'apache-cgi';
const { testServer } = await import('./suite.mjs');
await testServer('apache-cgi');
