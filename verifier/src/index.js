export { verify } from './receipt.js';
