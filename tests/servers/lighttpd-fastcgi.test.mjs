// Latchkey under lighttpd-fastcgi, with its file of scripts/servers.
process.env.LATCHKEY_TEST_SERVER = 'lighttpd-fastcgi';
const { testServer } = await import('./suite.mjs');
await testServer('lighttpd-fastcgi');
