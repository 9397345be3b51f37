package dev.weft.linux;

import java.util.List;
import java.util.Optional;

/**
 * What a WireGuard device is configured with.
 *
 * @param privateKey empty if it has none
 * @param publicKey empty if it has no private key
 * @param port UDP port on which it listens; 0 for none yet
 */
public record WireguardDevice(
    Optional<WireguardKey> privateKey,
    Optional<WireguardKey> publicKey,
    int port,
    List<WireguardPeer> peers) {}
