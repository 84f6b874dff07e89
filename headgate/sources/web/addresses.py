"""Connections that only go where they may: an address is looked at before anything is sent to it.

A sitemap, a redirect or a DNS answer must not make this machine ask itself, its network or its cloud's metadata service. The name is
resolved here and the connection goes to the very address that was looked at, so that a second, different DNS answer changes nothing.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util.connection import create_connection

from headgate.errors import SourceFault

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: IPv6 addresses that stand for an IPv4 one (RFC 6052).
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def why_refused(address: Address, *, allow_private: bool) -> str:
    """Why nothing is sent to `address`; "" when it may be. Link-local addresses, where clouds keep their metadata, never may."""
    address = _embedded(address)
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return "a link-local, multicast or unspecified address is never asked"
    if not allow_private and not address.is_global:
        return "it is private, or this machine's own; set allow_private = true if the source is meant to be there"
    return ""


def _embedded(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped or address.sixtofour:
            return address.ipv4_mapped or address.sixtofour or address
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def allowed_addresses(host: str, port: int, *, allow_private: bool) -> list[str]:
    """Addresses of `host`, in the resolver's order.

    Raises:
        SourceFault: it has none, or one that may not be asked.
        OSError: the resolver does not answer now.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        passing = error.errno == socket.EAI_AGAIN
        raise SourceFault(
            "unreachable", f"host {host!r} is not known: {error.strerror}; check its name", transient=passing
        ) from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        if why := why_refused(ipaddress.ip_address(address.partition("%")[0]), allow_private=allow_private):
            raise SourceFault("address_refused", f"host {host!r} has the address {address}: {why}", blames_source=False)
    return addresses


class _Checked(HTTPConnection):
    """Connects to checked addresses; the whole head of an answer must come within the timeout."""

    allow_private = False
    answering: socket.socket | None = None  # whose answer came last; the connection itself lets go of it before the body is read

    def _new_conn(self) -> socket.socket:
        return _connect(self, allow_private=self.allow_private)

    def getresponse(self) -> Any:
        self.answering = self.sock
        with Watch(self.sock, _seconds(self)):
            return super().getresponse()


class _CheckedTls(HTTPSConnection):
    allow_private = False
    answering: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        return _connect(self, allow_private=self.allow_private)

    def getresponse(self) -> Any:
        self.answering = self.sock
        with Watch(self.sock, _seconds(self)):
            return super().getresponse()


class _CheckedPrivate(_Checked):
    allow_private = True


class _CheckedTlsPrivate(_CheckedTls):
    allow_private = True


def _connect(connection: HTTPConnection, *, allow_private: bool) -> socket.socket:
    problem: OSError | None = None
    for address in allowed_addresses(connection.host.strip("[]"), connection.port, allow_private=allow_private):
        try:
            return create_connection((address, connection.port), connection.timeout, socket_options=connection.socket_options)
        except OSError as error:
            problem = error
    if isinstance(problem, TimeoutError):
        raise ConnectTimeoutError(connection, f"no connection to {connection.host} in time") from problem
    raise NewConnectionError(connection, f"no connection to {connection.host}: {problem}") from problem


def _seconds(connection: HTTPConnection) -> float:
    return connection.timeout if isinstance(connection.timeout, (int, float)) else 60.0


class Watch:
    """Ends a connection whose answer drips in: each byte in time, the whole not. Whoever reads finds the connection closed."""

    def __init__(self, connected: socket.socket | None, seconds: float) -> None:
        self._timer = threading.Timer(seconds, _shut, (connected,))
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


def _shut(connected: socket.socket | None) -> None:
    if connected is not None:
        try:
            # Not the method of SSLSocket: it takes the TLS state away from the thread that reads.
            socket.socket.shutdown(connected, socket.SHUT_RDWR)
        except OSError:
            return  # it is closed already


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Checked


class _PoolTls(HTTPSConnectionPool):
    ConnectionCls = _CheckedTls


class _PoolPrivate(HTTPConnectionPool):
    ConnectionCls = _CheckedPrivate


class _PoolTlsPrivate(HTTPSConnectionPool):
    ConnectionCls = _CheckedTlsPrivate


def open_pool(*, allow_private: bool, size: int) -> urllib3.PoolManager:
    """Connections for one source, `size` to a host at most."""
    pool = urllib3.PoolManager(num_pools=16, maxsize=size, retries=False)
    pool.pool_classes_by_scheme = (
        {"http": _PoolPrivate, "https": _PoolTlsPrivate} if allow_private else {"http": _Pool, "https": _PoolTls}
    )
    return pool
