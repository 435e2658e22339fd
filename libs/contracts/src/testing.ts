/** For the specs of other libraries. */
export { type PlantedSecret, plantedSecrets } from './redaction/planted-secrets.fixture';
