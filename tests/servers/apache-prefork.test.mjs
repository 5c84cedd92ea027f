// Latchkey under apache-prefork, with its file of scripts/servers. To the programs, mod_cgi is what mod_cgid is; so fewer flows.
process.env.LATCHKEY_TEST_SERVER = 'apache-prefork';
const { testServer } = await import('./suite.mjs');
await testServer('apache-prefork', { flows: ['authorize', 'logout', 'openid_client'] });
