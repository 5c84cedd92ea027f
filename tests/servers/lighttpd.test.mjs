// Latchkey under lighttpd, with its file of scripts/servers. Its flow tests are tests/flow itself.
process.env.LATCHKEY_TEST_SERVER = 'lighttpd';
const { testServer } = await import('./suite.mjs');
await testServer('lighttpd', { flows: [] });
