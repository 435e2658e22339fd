import { Controller, Get, Inject } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Public } from './request-context';

/** The gateway's own description, made once when it starts. */
export class OpenApiHolder {
  document: object | undefined;
}

@ApiExcludeController()
@Controller()
export class OpenApiController {
  constructor(@Inject(OpenApiHolder) private readonly holder: OpenApiHolder) {}

  @Public()
  @Get('openapi.json')
  get(): object {
    return this.holder.document ?? {};
  }
}
