/** For tests only: the secrets of a relay that lives as long as its test. */
export const OPERATOR_KEY = "operator-key-of-the-tests-0123456789";
export const MASTER_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/** The one before: what was sealed under it can be opened still. */
export const MASTER_KEY_PREVIOUS = "cHJldmlvdXMgbWFzdGVyIGtleSBvZiAzMiBieXRlcyE=";
