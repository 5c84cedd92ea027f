// Latchkey under busybox, with its file of scripts/servers. Flows whose clients send Authorization: Basic themselves are left out: it does not arrive.
process.env.LATCHKEY_TEST_SERVER = 'busybox';
const { testServer } = await import('./suite.mjs');
await testServer('busybox', { flows: ['authorize', 'logout', 'session'] });
