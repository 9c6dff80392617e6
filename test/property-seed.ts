import fc from 'fast-check';

/**
 * Property tests draw the same cases at every run, so that a commit passes or fails by itself; `PROPERTY_SEED=random`
 * or a number looks for new ones.
 */
const asked = process.env['PROPERTY_SEED'] ?? '20261121';
if (asked !== 'random') fc.configureGlobal({ seed: Number(asked) });
