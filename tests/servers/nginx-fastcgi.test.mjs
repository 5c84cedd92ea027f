// Latchkey under nginx-fastcgi, with its file of scripts/servers.
process.env.LATCHKEY_TEST_SERVER = 'nginx-fastcgi';
const { testServer } = await import('./suite.mjs');
await testServer('nginx-fastcgi');
