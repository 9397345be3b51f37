/**
 * Who a node is: keys, certificates, node ids, and TLS settings made of them.
 *
 * <p>In: PEM files (X.509 certificates, PKCS#8 keys) named by the configuration, or none, then a
 * key pair and a self-signed certificate of the node's own in {@code <data>/identity}. Out: an
 * {@link dev.weft.identity.Identity} that signs, a {@link dev.weft.identity.Verifier} for what
 * others signed, and key and trust options for Vert.x.
 *
 * <p>Files can be read again while they are in use ({@link dev.weft.identity.CertificateFiles}):
 * every option, signature and check that this room gave out follows, open connections stay.
 *
 * <p>Keys are ECDSA P-256. The fingerprint is the SHA-256 of the public key's SubjectPublicKeyInfo,
 * the node id its first 64 bits, and a node's certificate carries {@code <node id>.weft} as a DNS
 * name. A certificate proves a node id when it is signed by the mesh's CA, is valid now, is meant
 * for both ends of TLS, and its name agrees with its key. Nothing is trusted without that; a
 * dialling end checks the id it dialled as well. {@link dev.weft.identity.Authorities} does the
 * same with the CAs of other meshes, whose nodes are no members.
 */
package dev.weft.identity;
