import { describeBundle } from './webgpu-bundle.js';

describeBundle('live');
describeBundle('foley-flow');
