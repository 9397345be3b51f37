package dev.weft.linux;

import dev.weft.address.Cidr;
import java.net.InetAddress;
import java.util.List;

/**
 * Another end that a WireGuard device speaks to, wanted or existing.
 *
 * @param key its public key
 * @param endpoint to which packets are sent; null if none is known
 * @param port UDP port of the endpoint
 * @param keepalive seconds between packets when there is nothing else to send; 0 for none
 * @param allowed sources of packets from it, and destinations of packets to it
 * @param handshake Unix time in seconds of the last handshake; 0 if there was none
 */
public record WireguardPeer(
    WireguardKey key,
    InetAddress endpoint,
    int port,
    int keepalive,
    List<Cidr> allowed,
    long handshake) {}
