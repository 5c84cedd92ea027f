// Latchkey under busybox, with its file of scripts/servers.
process.env.LATCHKEY_TEST_SERVER = 'busybox';
const { testServer } = await import('./suite.mjs');
await testServer('busybox');
