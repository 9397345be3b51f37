/**
 * Pure values of the network: IP addresses, prefixes, MAC addresses, {@code host:port}. Enters:
 * text, as people and messages write it; nothing is ever looked up. Leaves: values that compare and
 * print in one canonical form (RFC 5952 for IPv6).
 */
package dev.weft.address;
