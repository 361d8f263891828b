"""Pages for what goes wrong: what happened, in Chinese, and what to do next. JSON where JSON was asked for."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, flash, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from app.core.errors import Invalid, Refusal, ScopeViolation

log = logging.getLogger(__name__)

PAGES: dict[int, tuple[str, str]] = {
    400: ("请求有误", "这个请求不完整或格式不对，请返回上一页刷新后重试。"),
    401: ("请先登录", "登录已失效，请重新登录。"),
    403: ("不能进行这项操作", "您当前的身份没有这项权限。如果您有多个身份，请在页面上方切换后再试。"),
    404: ("没有找到", "没有找到这个页面或这条记录，或者它不在您的管理范围内。"),
    405: ("不能这样访问", "这个地址不能直接打开，请从菜单进入对应的功能。"),
    409: ("现在不能这样做", "情况已经变化，请刷新后再看。"),
    413: ("文件太大", "提交的内容超过了上限：文件请压缩后再上传，文字请删减后再提交。"),
    414: ("地址太长", "请从菜单重新进入，并减少查询条件。"),
    422: ("填写有误", "提交的内容有误，请返回修改。"),
    429: ("操作太频繁", "操作太频繁，请稍等一分钟再试。"),
    500: ("系统出错了", "系统出现错误，已经记录下来。您填写的内容没有保存，请稍后再试；仍不行请联系管理员。"),
}
FRESH_TOKEN = "页面停留太久或已在别处退出登录，为了安全没有提交。请返回上一页刷新后重新提交。"


def wants_json() -> bool:
    """Whether the client prefers JSON to HTML."""
    accepted = request.accept_mimetypes
    return bool(accepted) and accepted["application/json"] > accepted["text/html"]


def page(status: int, reason: str = "", **more: Any) -> ResponseReturnValue:
    """The answer for `status`, with `reason` instead of the stock words where there is one."""
    title, words = PAGES.get(status, PAGES[500 if status >= 500 else 400])
    if wants_json():
        return jsonify(error=title, reason=reason or words, **more), status
    return render_template("screens/error.html", status=status, title=title, reason=reason or words), status


def _form_page() -> str | None:
    """The page of this site whose form was sent, to answer there."""
    came_from = urlsplit(request.referrer or "")
    return came_from.path if came_from.netloc == request.host and request.method == "POST" else None


def say(message: str, tone: str = "success") -> None:
    """Tell the person on the next page. tone: success, info, warning or danger."""
    flash(message, tone)


def register_error_handlers(app: Flask) -> None:
    """Our pages for every error; nothing of the program or its SQL reaches a person."""

    def on_csrf(_error: CSRFError) -> ResponseReturnValue:
        return page(400, FRESH_TOKEN)

    def on_http(error: HTTPException) -> ResponseReturnValue:
        status = error.code or 500
        if status < 400:
            return error
        if status == 413 and (back := _form_page()) and not wants_json():
            flash(PAGES[413][1], "danger")
            return redirect(back, 303)
        answer = app.make_response(page(status))
        for name in ("Allow", "Retry-After"):
            value = dict(error.get_headers()).get(name)
            if value:
                answer.headers[name] = value
        return answer

    def on_refusal(error: Refusal) -> ResponseReturnValue:
        fields = {"fields": error.fields} if isinstance(error, Invalid) and wants_json() else {}
        return page(error.status, error.reason, **fields)

    def on_scope(error: ScopeViolation) -> ResponseReturnValue:
        log.error("scope violation at %s %s: %s", request.method, request.path, error)
        return page(404)

    app.register_error_handler(CSRFError, on_csrf)
    app.register_error_handler(HTTPException, on_http)
    app.register_error_handler(Refusal, on_refusal)
    app.register_error_handler(ScopeViolation, on_scope)
